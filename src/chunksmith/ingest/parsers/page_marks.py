"""What the operators of a page tell beside its text: ruled lines, and whether text stands in columns."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, NamedTuple

_Matrix = Sequence[float]

# Of the size of the font: few fonts have wider letters on the average, and none a wider space.
_WIDTH, _SPACE = 0.55, 0.7
_STRAIGHT = 1.5
_SHORTEST = 8.0
_MOST_RULES = 4000
_LEAST_ROWS, _LEAST_RULES = 3, 3
_GAP_IN_RUN = -1000


class Rule(NamedTuple):
    """A line across, at ``at`` from ``start`` to ``end``, or one upright. Units: points."""

    at: float
    start: float
    end: float


class PageMarks:
    """Sees the operators of one page, in order."""

    def __init__(self) -> None:
        self.across: list[Rule] = []
        self.upright: list[Rule] = []
        self._path: list[tuple[float, float, float, float]] = []
        self._point: tuple[float, float] = (0.0, 0.0)
        self._size = 10.0
        self._reaches: dict[int, float] = {}
        self._gapped: set[int] = set()
        self._handlers: dict[bytes, Callable[[Any, _Matrix, _Matrix], None]] = {
            **dict.fromkeys((b"Tj", b"TJ", b"'", b'"'), self._show),
            **dict.fromkeys((b"S", b"s", b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"), self._draw),
            b"re": self._rectangle,
            b"m": self._move,
            b"l": self._line,
            b"n": self._clear,
            b"Tf": self._choose,
        }

    def see(self, operator: bytes, operands: Any, cm: _Matrix, tm: _Matrix) -> None:
        handler = self._handlers.get(operator)
        if handler is not None:
            try:
                handler(operands, cm, tm)
            except (TypeError, ValueError, IndexError):
                self._path.clear()  # a damaged operator draws nothing

    def may_have_tables(self) -> bool:
        """Whether a closer look is worth its time: text stands apart on some lines, or rules make cells."""
        if len(self._gapped) >= _LEAST_ROWS:
            return True
        has_columns = len(self._gapped) > 0 or len(self.upright) >= _LEAST_RULES
        return has_columns and len({round(rule.at) for rule in self.across}) >= _LEAST_RULES

    def _show(self, operands: Any, cm: _Matrix, tm: _Matrix) -> None:
        x, y = _moved(tm[4], tm[5], cm)
        shown = operands[-1]
        size = self._size * max(abs(tm[0]), abs(tm[1])) * max(abs(cm[0]), abs(cm[1]))
        has_gap = False
        if isinstance(shown, list):
            length = 0
            for piece in shown:
                if isinstance(piece, str | bytes):
                    length += len(piece)
                elif piece < _GAP_IN_RUN:
                    has_gap = has_gap or length > 1
        else:
            length = len(shown)
        row = round(y)
        reach = self._reaches.get(row)
        if has_gap or (reach is not None and x > reach + _SPACE * size):
            self._gapped.add(row)
        # The mark of an item stands apart from its text, too.
        if reach is not None or length > 1:
            self._reaches[row] = max(x + _WIDTH * size * length, reach or 0.0)

    def _choose(self, operands: Any, cm: _Matrix, tm: _Matrix) -> None:
        del cm, tm
        self._size = abs(float(operands[1])) or self._size

    def _rectangle(self, operands: Any, cm: _Matrix, tm: _Matrix) -> None:
        del tm
        x, y, width, height = map(float, operands[:4])
        left, bottom = _moved(x, y, cm)
        right, top = _moved(x + width, y + height, cm)
        if abs(top - bottom) <= _STRAIGHT or abs(right - left) <= _STRAIGHT:
            self._path.append((left, bottom, right, top))
            return
        self._path += [
            (left, bottom, right, bottom),
            (left, top, right, top),
            (left, bottom, left, top),
            (right, bottom, right, top),
        ]

    def _move(self, operands: Any, cm: _Matrix, tm: _Matrix) -> None:
        del tm
        self._point = _moved(float(operands[0]), float(operands[1]), cm)

    def _line(self, operands: Any, cm: _Matrix, tm: _Matrix) -> None:
        del tm
        point = _moved(float(operands[0]), float(operands[1]), cm)
        self._path.append((*self._point, *point))
        self._point = point

    def _clear(self, operands: Any, cm: _Matrix, tm: _Matrix) -> None:
        del operands, cm, tm
        self._path.clear()

    def _draw(self, operands: Any, cm: _Matrix, tm: _Matrix) -> None:
        del operands, cm, tm
        for x, y, to_x, to_y in self._path:
            if len(self.across) + len(self.upright) >= _MOST_RULES:
                break
            if abs(y - to_y) <= _STRAIGHT and abs(x - to_x) >= _SHORTEST:
                self.across.append(Rule((y + to_y) / 2, min(x, to_x), max(x, to_x)))
            elif abs(x - to_x) <= _STRAIGHT and abs(y - to_y) >= _SHORTEST:
                self.upright.append(Rule((x + to_x) / 2, min(y, to_y), max(y, to_y)))
        self._path.clear()


def _moved(x: float, y: float, matrix: _Matrix) -> tuple[float, float]:
    """Errors: ValueError for places without bounds."""
    place = x * matrix[0] + y * matrix[2] + matrix[4], x * matrix[1] + y * matrix[3] + matrix[5]
    if not (isfinite(place[0]) and isfinite(place[1])):
        raise ValueError("no place on a page")
    return place

"""Formulas as TeX between dollar signs, as Markdown has them: of MathML, of Word, of pictures of TeX."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from chunksmith.ingest.parsers.xhtml import html_from_xhtml

# Deeper than any formula is; what is nested deeper is written as its bare characters.
_MAX_DEPTH = 60
_TEX = "application/x-tex"
_PICTURE = re.compile(r"(?:^|\s)(?:math|latex|tex|mwe-math-fallback-image-\w+)(?:\s|$)")
_LOOKS_LIKE_TEX = re.compile(r"[\\^_{]")
_STYLE = re.compile(r"\{?\s*\\(?:display|text)style\b\s*")
_END_OF_LINE = re.compile(r"(?<!\\)%[ \t]*\n\s*")
_SPACES = re.compile(r"[ \t\n\r\f\u00a0]+")
# Characters that only tell programs what is multiplied or applied.
_UNSEEN = re.compile("[\u2061-\u2064\u200b\ufeff]")
_SPECIAL = re.compile(r"[#$%&_{}]")
_COMMAND = re.compile(r"\\[A-Za-z]+\Z")
# What an index or a power can be set on without taking a part of it only.
_WHOLE = re.compile(r"\\?[A-Za-z]+|\d+|\\[a-z]+\{[^{}]*\}|[(\[|][^()\[\]|]*[)\]|]")
_RELATIONS = frozenset("= < > ≤ ≥ ≠ ≈ ≡ ∼ ≅ ∝ ∈ ∉ ⊂ ⊆ → ← ↔ ⇒ ⇔ ↦ := + − - ± ∓ ∧ ∨".split())
_FUNCTIONS = frozenset(
    "arccos arcsin arctan arg cos cosh cot det dim exp gcd inf ker lim ln log max min sec sin sinh sup tan tanh".split()
)
_ACCENTS: Final = {
    "¯": "bar",
    "‾": "bar",
    "̅": "bar",
    "_": "bar",
    "^": "hat",
    "ˆ": "hat",
    "̂": "hat",
    "~": "tilde",
    "˜": "tilde",
    "̃": "tilde",
    "→": "vec",
    "⃗": "vec",
    "˙": "dot",
    "̇": "dot",
    "¨": "ddot",
    "̈": "ddot",
}
_Writer = Callable[[LexborNode, int], str]


def formula(node: LexborNode, tag: str) -> str | None:
    """What is written for an element of a page that is a formula; nothing if it is none."""
    if tag == "img":
        alternative = node.attributes.get("alt") or ""
        is_formula = alternative.strip() and _PICTURE.search(node.attributes.get("class") or "")
        return _marked(_cleaned(alternative), is_block=False) if is_formula else None
    if _local(tag) != "math":
        return None
    is_block = node.attributes.get("display") == "block"
    return _marked(_given(node) or _written(node, 0), is_block=is_block)


def formula_of_word(source: str, *, is_block: bool) -> str:
    """``source``: the XML inside of an ``m:oMath``."""
    body = LexborHTMLParser(html_from_xhtml(source)).body
    return "" if body is None else _marked(_row(body, 0), is_block=is_block)


def _marked(tex: str, *, is_block: bool) -> str:
    tex = _SPACES.sub(" ", tex).strip()
    mark = "$$" if is_block else "$"
    return f"{mark}{tex}{mark}" if tex else ""


def _given(math: LexborNode) -> str:
    """The TeX that the formula was made from, if the page has kept it."""
    for node in math.traverse():
        if _local(node.tag or "") == "annotation" and node.attributes.get("encoding") == _TEX:
            return _cleaned(node.text())
    alternative = math.attributes.get("alttext") or ""
    return _cleaned(alternative) if _LOOKS_LIKE_TEX.search(alternative) else ""


def _cleaned(tex: str) -> str:
    """Without comments, dollar signs around it, and what sets the size of the whole."""
    tex = _END_OF_LINE.sub("", tex).strip().strip("$").strip()
    style = _STYLE.match(tex)
    if style is None:
        return tex
    has_brace = style[0].startswith("{") and tex.endswith("}")
    return tex[style.end() : -1 if has_brace else None].strip()


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _parts(node: LexborNode) -> list[LexborNode]:
    return [child for child in node.iter() if (child.tag or "")[:1] not in ("-", "!", "")]


def _written(node: LexborNode, depth: int) -> str:
    if depth > _MAX_DEPTH:
        return _escaped(node.text())
    name = _local(node.tag or "")
    writer = _WRITERS.get(name)
    if writer is not None:
        return writer(node, depth + 1)
    return "" if name in _LEFT_OUT or name.endswith("pr") else _row(node, depth + 1)


def _row(node: LexborNode, depth: int) -> str:
    parts = _parts(node)
    return _joined(_written(part, depth) for part in parts) if parts else _escaped(node.text())


def _joined(pieces: Iterator[str]) -> str:
    """A command ends where no letter follows it."""
    parts = [""]
    for piece in pieces:
        if piece[:1].isalpha() and _COMMAND.search(parts[-1]):
            parts.append(" ")
        if piece:
            parts.append(piece)
    return "".join(parts)


def _escaped(text: str) -> str:
    text = _SPACES.sub(" ", _UNSEEN.sub("", text)).strip().replace("\\", r"\backslash ")
    return _SPECIAL.sub(r"\\\g<0>", text)


def _group(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"


def _named(node: LexborNode, *names: str) -> list[LexborNode | None]:
    """Of Word's elements the parts with these names."""
    found = {_local(part.tag or ""): part for part in reversed(_parts(node))}
    return [found.get(name) for name in names]


def _told(node: LexborNode | None, depth: int) -> str:
    return "" if node is None else _row(node, depth)


def _setting(node: LexborNode, name: str, otherwise: str) -> str:
    """Of an element of Word's: the character that its properties name."""
    for property_ in node.traverse():
        if _local(property_.tag or "") == name:
            value = property_.attributes.get("m:val")
            return otherwise if value is None else value
    return otherwise


def _scripted(base: str, below: str, above: str) -> str:
    whole = base if len(base) <= 1 or _WHOLE.fullmatch(base) else f"{{{base}}}"
    return f"{whole}{f'_{_group(below)}' if below else ''}{f'^{_group(above)}' if above else ''}"


def _over(base: str, mark: str) -> str:
    accent = _ACCENTS.get(mark.replace("\\", "").strip())
    if accent:
        return rf"\{accent}{{{base}}}"
    return rf"\overbrace{{{base}}}" if mark == "⏞" else rf"\overset{{{mark}}}{{{base}}}"


def _is_operator(text: str) -> bool:
    """Whether what stands above or below it are its limits."""
    return text.lstrip("\\").strip() in _FUNCTIONS or (len(text) == 1 and text in "∑∏∫∮⋃⋂⨁⨂∐")


def _two(write: Callable[[str, str], str]) -> _Writer:
    def writer(node: LexborNode, depth: int) -> str:
        first, second = ([*(_written(part, depth) for part in _parts(node)), "", ""])[:2]
        return write(first, second)

    return writer


def _three(node: LexborNode, depth: int) -> str:
    base, below, above = ([*(_written(part, depth) for part in _parts(node)), "", "", ""])[:3]
    return _scripted(base, below, above)


def _identifier(node: LexborNode, depth: int) -> str:
    del depth
    text = _escaped(node.text())
    if text in _FUNCTIONS:
        return rf"\{text}"
    return rf"\mathrm{{{text}}}" if len(text) > 1 and text.isalpha() and text.isascii() else text


def _operator(node: LexborNode, depth: int) -> str:
    del depth
    text = _escaped(node.text())
    return f" {text} " if text in _RELATIONS else text


def _words(node: LexborNode, depth: int) -> str:
    del depth
    text = _SPACES.sub(" ", node.text())
    return rf"\text{{{text}}}" if text.strip() else " "


def _fenced(node: LexborNode, depth: int) -> str:
    inside = ", ".join(_written(part, depth) for part in _parts(node))
    attributes = node.attributes
    opened, closed = attributes.get("open"), attributes.get("close")
    return f"{'(' if opened is None else _escaped(opened)}{inside}{')' if closed is None else _escaped(closed)}"


def _table(node: LexborNode, depth: int) -> str:
    rows = (_parts(row) for row in _parts(node) if _local(row.tag or "") in {"mtr", "mlabeledtr", "mr"})
    lines = r" \\ ".join(" & ".join(_row(cell, depth) for cell in row) for row in rows)
    return rf"\begin{{matrix}}{lines}\end{{matrix}}"


def _run(node: LexborNode, depth: int) -> str:
    """Characters of Word's: letters are variables, relations have space around them."""
    del depth
    text = "".join(part.text() for part in _parts(node) if _local(part.tag or "") == "t")
    return "".join(f" {char} " if char in _RELATIONS else char for char in _escaped(text))


def _word_fraction(node: LexborNode, depth: int) -> str:
    above, below = _named(node, "num", "den")
    return rf"\frac{{{_told(above, depth)}}}{{{_told(below, depth)}}}"


def _word_root(node: LexborNode, depth: int) -> str:
    degree, inside = (_told(part, depth) for part in _named(node, "deg", "e"))
    return rf"\sqrt{f'[{degree}]' if degree else ''}{{{inside}}}"


def _word_scripts(node: LexborNode, depth: int) -> str:
    base, below, above = (_told(part, depth) for part in _named(node, "e", "sub", "sup"))
    return _scripted(base, below, above)


def _word_limit(node: LexborNode, depth: int) -> str:
    base, limit = (_told(part, depth) for part in _named(node, "e", "lim"))
    is_below = _local(node.tag or "") == "limlow"
    return _scripted(base, limit if is_below else "", "" if is_below else limit)


def _word_prescripts(node: LexborNode, depth: int) -> str:
    base, below, above = (_told(part, depth) for part in _named(node, "e", "sub", "sup"))
    return f"{{}}{_scripted('', below, above)}{base}"


def _word_operator(node: LexborNode, depth: int) -> str:
    below, above, inside = (_told(part, depth) for part in _named(node, "sub", "sup", "e"))
    return f"{_scripted(_setting(node, 'chr', '∫'), below, above)} {inside}"


def _word_fence(node: LexborNode, depth: int) -> str:
    separator = _setting(node, "sepchr", "|")
    inside = separator.join(_row(part, depth) for part in _parts(node) if _local(part.tag or "") == "e")
    return f"{_escaped(_setting(node, 'begchr', '('))}{inside}{_escaped(_setting(node, 'endchr', ')'))}"


def _word_function(node: LexborNode, depth: int) -> str:
    name, inside = (_told(part, depth) for part in _named(node, "fname", "e"))
    command = re.match(r"[a-z]+", name)
    known = command is not None and command[0] in _FUNCTIONS
    return f"{chr(92) if known else ''}{name} {inside}"


def _word_accent(node: LexborNode, depth: int) -> str:
    (inside,) = _named(node, "e")
    mark = "¯" if _local(node.tag or "") == "bar" else _setting(node, "chr", "̂")
    return _over(_told(inside, depth), mark)


def _word_equations(node: LexborNode, depth: int) -> str:
    return r" \\ ".join(_row(part, depth) for part in _parts(node) if _local(part.tag or "") == "e")


_LEFT_OUT = frozenset(("annotation", "annotation-xml", "mphantom", "phant", "malignmark", "maligngroup"))
_WRITERS: Final[dict[str, _Writer]] = {
    "mi": _identifier,
    "mo": _operator,
    "mtext": _words,
    "mspace": lambda _node, _depth: " ",
    "mfrac": _two(lambda above, below: rf"\frac{{{above}}}{{{below}}}"),
    "msqrt": lambda node, depth: rf"\sqrt{{{_row(node, depth)}}}",
    "mroot": _two(lambda inside, degree: rf"\sqrt[{degree}]{{{inside}}}"),
    "msup": _two(lambda base, above: _scripted(base, "", above)),
    "msub": _two(lambda base, below: _scripted(base, below, "")),
    "mover": _two(lambda base, mark: _scripted(base, "", mark) if _is_operator(base) else _over(base, mark)),
    "munder": _two(lambda base, below: _scripted(base, below, "")),
    "msubsup": _three,
    "munderover": _three,
    "mfenced": _fenced,
    "mtable": _table,
    # Word's
    "r": _run,
    "f": _word_fraction,
    "rad": _word_root,
    "ssup": _word_scripts,
    "ssub": _word_scripts,
    "ssubsup": _word_scripts,
    "spre": _word_prescripts,
    "limlow": _word_limit,
    "limupp": _word_limit,
    "nary": _word_operator,
    "d": _word_fence,
    "func": _word_function,
    "acc": _word_accent,
    "bar": _word_accent,
    "eqarr": _word_equations,
    "m": _table,
}

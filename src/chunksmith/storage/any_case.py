"""Searching for text whatever its case: SQLite's LIKE knows the cases of ASCII letters only."""

HOLDS = "holds_in_any_case"
"""the name of ``holds`` in SQL"""


def holds(text: str | None, lowered: str) -> bool:
    """Whether ``text`` contains what is ``lowered`` when it is made small itself."""
    return text is not None and lowered in text.lower()


def condition(wanted: str) -> tuple[str, list[str]]:
    """A condition on ``{column}`` that holds ``wanted``, and its parameters.

    Letters beyond ASCII that have a case match any character first, so that few rows have to be made small.
    """
    pattern = "%" + "".join(map(_one, wanted)) + "%"
    if not any(map(_has_unknown_case, wanted)):
        return "{column} LIKE ? ESCAPE '\\'", [pattern]
    return f"({{column}} LIKE ? ESCAPE '\\' AND {HOLDS}({{column}}, ?))", [pattern, wanted.lower()]


def _one(char: str) -> str:
    if _has_unknown_case(char):
        return "_"
    return f"\\{char}" if char in "\\%_" else char


def _has_unknown_case(char: str) -> bool:
    return not char.isascii() and char.lower() != char.upper()

"""What signs say beside words and numbers: C++, $5, x > y, a++. In words: docs/quality.md."""

import re
from collections.abc import Set
from typing import NamedTuple

from chunksmith.quality.words import has_any, numbers

_AMOUNT = r"\d+(?:[.,]\d+)*"
_CURRENCY = "$€£¥₹₽₩₺₴₫"
_MONEY = re.compile(rf"([{_CURRENCY}])\s?({_AMOUNT})|({_AMOUNT})\s?([{_CURRENCY}])")
_COMPARED = re.compile(r"(?<![</\w])(\w+)(?:\(\))?\s?([<>]=?|[=!]=)\s?(-?\w+)(?!\w*>)")
_STEPPED = re.compile(r"(?<![\w+-])(\w+)(\+\+|--)(?![\w+-])|(?<![\w+-])(\+\+|--)([a-z_]\w*)")
_SHARP = re.compile(r"#(?<=(?<!\w)[a-z]#)(?!\w)")
# Of the patterns above each match has one of these.
_SIGNS = re.compile(rf"[<>=#+\-{_CURRENCY}](?:(?<![+-])|(?<=\+)\+|(?<=-)-)")
_STEPPING = re.compile(r"(?:\+\+|--)(?:(?<=\w..)|(?=[a-z_]))")


class Symbol(NamedTuple):
    """``mark`` is what stands beside ``thing``: the sign of a currency, an operator, ``++`` or ``#``."""

    thing: str
    mark: str


def symbols(plain: str) -> list[Symbol]:
    """Of folded text, each as often as it stands there."""
    if _SIGNS.search(plain) is None:
        return []
    found: list[Symbol] = []
    if has_any(plain, _CURRENCY):
        money = [(after or before, first or last) for first, after, before, last in _MONEY.findall(plain)]
        found += [Symbol(numbers(amount)[0], sign) for amount, sign in money]
    if has_any(plain, "<>="):
        found += [Symbol(f"{one} {other}", sign) for one, sign, other in _COMPARED.findall(plain)]
    if _STEPPING.search(plain):
        found += [Symbol(one or other, before or after) for one, before, after, other in _STEPPED.findall(plain)]
    return found + [Symbol(plain[match.start() - 1], "#") for match in _SHARP.finditer(plain)]


def lacking(claimed: list[Symbol], known: Set[Symbol]) -> set[str]:
    """Those that the passage lacks. A number or a comparison that it has without any sign is not known to differ."""
    things = {one.thing for one in known}
    strict = ("++", "--", "#")
    return {_shown(one) for one in claimed if one not in known and (one.thing in things or one.mark in strict)}


def _shown(symbol: Symbol) -> str:
    if symbol.thing[0].isdigit() and " " not in symbol.thing:
        return symbol.mark + symbol.thing
    one, _, other = symbol.thing.partition(" ")
    return f"{one}{symbol.mark}{other}"

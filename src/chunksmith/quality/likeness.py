"""Which of many texts say nearly the same: found by MinHash and banding, then measured. In words: docs/curation.md.

Two texts are alike by the Jaccard index of their shingles: all runs of one, two and three words (of pairs of characters
where no spaces are written). Nothing depends on chance or on the machine: the permutations have a fixed seed, and what
they propose is measured before anybody hears of it.
"""

import functools
import hashlib
import importlib
import re
import tempfile
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import IO, Any, NamedTuple

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import ModeShape
from chunksmith.quality.fields import prompt_text, text_of
from chunksmith.quality.folding import fold
from chunksmith.quality.matter import Matter, joined_exact, matter_of
from chunksmith.quality.spilled import SortedUnique, SpilledArray, same_keys
from chunksmith.quality.words import terms

# Alike from here on. A pair just there is proposed with 98.6 percent: 1 - (1 - 0.5³)³²; at 0.6 with 99.96.
ALIKE = 0.5
PERMUTATIONS = 96
BANDS = 32
_ROWS = PERMUTATIONS // BANDS
_SEED = 1
# Of what carries meaning in a question, or in an answer, one of two duplicates may say so much more than the other.
MORE_SAID, MOST_MORE = 0.2, 2
# Where no spaces are written: the share of pairs of characters in common.
UNSPACED_ALIKE = 0.6
# Fewer words than that say too little: such texts are compared as they stand only.
LEAST_TERMS = 5
# What is beyond is not looked at.
MOST_TERMS = 1_000
# Texts that agree in a band are each looked at beside so many before them, and the first of all.
LOOKS_BACK, LOOKS_FIRST = 24, 8
# A shingle that more texts have, and more than one in so many, tells nothing: those of a template, for example.
OFTEN_LEAST, OFTEN_SHARE = 64, 500
COUNTERS = 1 << 22
_SLICE = 500
_PROPOSALS = 1 << 15  # in memory at a time
_REMEMBERED = 2_048
_MASK = (1 << 64) - 1
_PLACE = (1 << 32) - 1
# What names one thing and no other: identifiers such as json_array, utf16, 3.7.9, lag() and package.info.
_EXACT_WORDS = re.compile(r"\w*\d\w*(?:[.,:]\d+)*|[^\W_]+(?:_[^\W_]+)+|\w+(?=\(\))|\w{2,}(?:\.\w{2,})+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_MARKED = re.compile(r"\S*[\d_.(]\S*")  # where such can be; most words cannot
_SPACE = re.compile(r"\s+")


class Parts(NamedTuple):
    """``prompt`` is what is asked, empty where nothing is; ``rest`` is all other text of an entry."""

    prompt: str
    rest: str


def parts_of(entry: Entry, shape: ModeShape) -> Parts:
    asked = ("question", "instruction", "input")
    rest = (text_of(entry, name) for name in shape.columns if name not in asked)
    return Parts(prompt_text(entry, shape), "\n".join(text for text in rest if text.strip()))


class Pair(NamedTuple):
    """Two texts by number, the earlier first."""

    first: int
    second: int
    likeness: float


class Twin(NamedTuple):
    """``original`` comes before; ``exact``: the same but for case, spaces and typography."""

    original: int
    exact: bool


class Marks(NamedTuple):
    """Of one text what says at a glance that another one is not about the same matter.

    ``named`` stands for its numbers and names; ``asked`` and ``told`` have a bit for each word that carries meaning,
    where two words may share one, and all bits where words are not known.
    """

    named: int
    asked: int
    told: int

    def may_be_same(self, other: "Marks") -> bool:
        """False only where ``Likeness.same_matter`` is."""
        if self.named != other.named:
            return False
        if not (self.asked and other.asked):
            return _holds(self.asked | self.told, other.asked | other.told)
        return _holds(self.asked, other.asked) and _holds(self.told, other.told)


class Likeness:
    """Texts, numbered from 0 as they are added, and what is alike among them.

    Units: in memory 4 bytes a text while pairs are looked for, and 16 MB of counters. In temporary files some 70 bytes
            a text, 4 bytes a word, as many for each word that carries meaning, 256 bytes a text of bands, and 8 bytes
            a pair.
    """

    def __init__(self) -> None:
        self._terms = SpilledArray("I")
        self._ends = SpilledArray("Q", [0])
        self._marks = SpilledArray("Q")  # three a text: what it names, and which words its two parts may have
        self._exact = SpilledArray("Q")
        self._meant = SpilledArray("I")  # what carries meaning, of the prompt and of the rest of each text
        self._meant_ends = SpilledArray("Q", [0])
        self._unspaced = SpilledArray("b")

    def __len__(self) -> int:
        return len(self._exact)

    def add(self, texts: Sequence[Parts]) -> None:
        for text in texts:
            prompt, rest = fold(text.prompt), fold(text.rest)
            named, told = terms(prompt)[:MOST_TERMS], terms(rest)[:MOST_TERMS]
            self._terms.extend(zlib.crc32(term.encode("utf-8", "surrogatepass")) for term in (*named, *told))
            self._ends.append(len(self._terms))
            whole = _SPACE.sub(" ", f"{prompt}\n{rest}").strip()
            self._add_matter([matter_of(prompt), matter_of(rest)], whole)
            self._exact.append(_code(whole))

    def _add_matter(self, parts: list[Matter], whole: str) -> None:
        unspaced = any(part.unspaced for part in parts)
        self._unspaced.append(unspaced)
        named = _code("\0".join([*_exact_words(whole), *joined_exact(parts)]))
        self._marks.extend((named, *(_MASK if unspaced else _word_bits(part.content[:MOST_TERMS]) for part in parts)))
        for part in parts:
            self._meant.extend(part.content[:MOST_TERMS])
            self._meant_ends.append(len(self._meant))

    @property
    def terms_count(self) -> int:
        return len(self._terms)

    def originals(self) -> "array[int]":
        """For each text the first that is the same after folding: itself, where none came before."""
        found = array("I", range(len(self)))
        for run in same_keys(self._exact, len(self)):
            for number in run[1:]:
                found[number] = run[0]
        return found

    def pairs(self, least: float = ALIKE, accept: Callable[[int, int], bool] | None = None) -> Iterator[Pair]:
        """All that are alike, by the later text, then by the earlier; of texts that are the same the first stands.

        ``accept(first, second)`` says which pairs are worth measuring.
        """
        originals = self.originals()
        lengths = (after - before for before, after in pairwise(self._ends))
        firsts = SpilledArray("I")
        for number, length in enumerate(lengths):
            if originals[number] == number and length >= LEAST_TERMS:
                firsts.append(number)
        found = SortedUnique(_PROPOSALS)
        for keys in self._bands(firsts):
            for run in same_keys(keys, len(firsts)):
                found.add(_proposed(array("I", (firsts[place] for place in run))))
        remembered = functools.lru_cache(maxsize=_REMEMBERED)(self._packed_shingles)
        mine, of = set[int](), -1
        for code in found:
            second, first = code >> 32, code & _PLACE
            if accept is not None and not accept(first, second):
                continue
            if of != second:
                mine, of = self._shingles_of(second), second
            theirs = remembered(first)
            common = len(mine.intersection(theirs))
            likeness = common / (len(mine) + len(theirs) - common)
            if likeness >= least:
                yield Pair(first, second, likeness)

    def likeness_of(self, first: int, second: int) -> float:
        return _jaccard(self._shingles_of(first), self._shingles_of(second))

    def marks_of(self, number: int) -> Marks:
        return Marks(*self._marks.slice(3 * number, 3 * number + 3))

    def same_matter(self, first: int, second: int) -> bool:
        """Whether two texts that are alike ask the same and tell the same: no other number, name or answer."""
        if not self.marks_of(first).may_be_same(self.marks_of(second)):
            return False
        mine, theirs = self._meant_by(first), self._meant_by(second)
        if not (mine[0] and theirs[0]):  # what is asked is not known of both
            mine, theirs = [mine[0] + mine[1]], [theirs[0] + theirs[1]]
        unspaced = self._unspaced[first] or self._unspaced[second]
        says = _shares_pairs if unspaced else _says_the_same
        return all(says(Counter(one), Counter(other)) for one, other in zip(mine, theirs, strict=True))

    def _meant_by(self, number: int) -> list["array[int]"]:
        begin, middle, end = self._meant_ends.slice(2 * number, 2 * number + 3)
        return [self._meant.slice(begin, middle), self._meant.slice(middle, end)]

    def _bands(self, firsts: SpilledArray) -> Iterator[Iterator[int]]:
        """For each band the keys of the chosen texts, made of those of their shingles that are not everywhere."""
        with tempfile.TemporaryFile(prefix="chunksmith-bands-") as file:
            sizes = self._write_bands(firsts, file)
            for band in range(BANDS):
                yield _read_band(file, sizes, band)

    def _write_bands(self, firsts: SpilledArray, file: IO[bytes]) -> list[int]:
        """All bands of some texts, then all of the next; gives the numbers of texts."""
        counts = array("I", bytes(4 * COUNTERS))
        for number in firsts:
            for shingle in self._shingles_of(number):
                counts[shingle % COUNTERS] += 1
        often = max(OFTEN_LEAST, len(firsts) // OFTEN_SHARE)
        sizes = []
        for numbers in firsts.blocks(_SLICE):
            hashes, offsets = array("Q"), [0]
            for number in numbers:
                hashes.extend(_telling(self._shingles_of(number), counts, often))
                offsets.append(len(hashes))
            rows = _sketches().digest_matrix_from_flat_token_hashes(hashes, offsets, PERMUTATIONS, _SEED).to_rows()
            for begin in range(0, PERMUTATIONS, _ROWS):
                array("Q", [hash(tuple(row[begin : begin + _ROWS])) & _MASK for row in rows]).tofile(file)
            sizes.append(len(rows))
        return sizes

    def _codes(self, number: int) -> "array[int]":
        return self._terms.slice(*self._ends.slice(number, number + 2))

    def _packed_shingles(self, number: int) -> "array[int]":
        return array("Q", self._shingles_of(number))

    def _shingles_of(self, number: int) -> set[int]:
        return _shingles(self._codes(number))


def _read_band(file: IO[bytes], sizes: Sequence[int], band: int) -> Iterator[int]:
    begin = 0
    for size in sizes:
        keys = array("Q")
        file.seek(keys.itemsize * (begin + band * size))
        keys.fromfile(file, size)
        yield from keys
        begin += BANDS * size


class Twins(Mapping[int, Twin]):
    """What each text that repeats one repeats, in order. Units: 5 bytes a text, whether it repeats one or not."""

    def __init__(self, count: int) -> None:
        self._originals = array("I", [_NONE]) * count
        self._exact = bytearray(count)
        self._count = 0

    def put(self, number: int, twin: Twin) -> None:
        """Once for each text."""
        self._originals[number] = twin.original
        self._exact[number] = twin.exact
        self._count += 1

    def __getitem__(self, number: int) -> Twin:
        if number not in self:
            raise KeyError(number)
        return Twin(self._originals[number], bool(self._exact[number]))

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self._originals[number] != _NONE

    def __iter__(self) -> Iterator[int]:
        return (number for number, original in enumerate(self._originals) if original != _NONE)

    def __len__(self) -> int:
        return self._count


_NONE = _PLACE


def twins(texts: Likeness, given: int = 0) -> Twins:
    """Of texts that repeat one before them, what they repeat; the first ``given`` texts are never said to repeat.

    A text is compared with those that stay, the first that it repeats is named: so the answer depends on the order of
    the texts alone.
    """
    found = Twins(len(texts))

    marks_of = functools.lru_cache(maxsize=_REMEMBERED)(texts.marks_of)

    def is_open(first: int, second: int) -> bool:
        return second >= given and second not in found and first not in found

    # Of entries of a template nearly all are alike: most need not be measured to see that they are not the same.
    def is_worth_measuring(first: int, second: int) -> bool:
        return is_open(first, second) and marks_of(first).may_be_same(marks_of(second))

    for first, second, _ in texts.pairs(ALIKE, is_worth_measuring):
        if is_open(first, second) and texts.same_matter(first, second):
            found.put(second, Twin(first, exact=False))
    for number, original in enumerate(texts.originals()):
        if number >= given and original != number:
            found.put(number, found.get(original, Twin(original, exact=True)))
    return found


def _word_bits(words: Iterable[int]) -> int:
    bits = 0
    for word in words:
        bits |= 1 << (word & 63)
    return bits


def _holds(one: int, other: int) -> bool:
    """Every bit of one of them is in the other."""
    return not (one & ~other and other & ~one)


def _says_the_same(one: Counter[int], other: Counter[int]) -> bool:
    """Nothing stands in the place of something else, and one says little more than the other."""
    more, less = one - other, other - one
    if more and less:
        return False
    return (more or less).total() <= min(MOST_MORE, MORE_SAID * (one | other).total())


def _shares_pairs(one: Counter[int], other: Counter[int]) -> bool:
    return not (one or other) or _jaccard(set(one), set(other)) >= UNSPACED_ALIKE


def _exact_words(plain: str) -> list[str]:
    found = set(_EXACT_WORDS.findall(" ".join(_MARKED.findall(plain))))
    return sorted(word for word in found if not _NUMBER.fullmatch(word))


def _shingles(codes: Sequence[int]) -> set[int]:
    """Hashes of the runs of one, two and three terms."""
    found = set(codes)
    pairs = [one << 32 | other for one, other in pairwise(codes)]
    found.update(pair | 1 << 64 for pair in pairs)
    found.update(pair << 32 | last | 1 << 96 for pair, last in zip(pairs, codes[2:], strict=False))
    return {(code * 0x9E3779B97F4A7C15 ^ code >> 61) & _MASK for code in found}


def _jaccard(one: set[Any], other: set[Any]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common) if common else 0.0


def _code(text: str) -> int:
    """64 bits of SHA-256."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def _telling(shingles: set[int], counts: "array[int]", often: int) -> list[int]:
    """Without what most texts of a template have; at least the rarest half."""
    rare = [shingle for shingle in shingles if counts[shingle % COUNTERS] <= often]
    if 2 * len(rare) >= len(shingles):
        return rare
    return sorted(shingles, key=lambda shingle: (counts[shingle % COUNTERS], shingle))[: (len(shingles) + 1) // 2]


def _proposed(run: "array[int]") -> Iterator[int]:
    """Pairs that are worth measuring: each text of a run with some before it. One number each, the later text above."""
    for place, second in enumerate(run):
        begin = max(0, place - LOOKS_BACK)
        for first in (*run[: min(begin, LOOKS_FIRST)], *run[begin:place]):
            yield second << 32 | first


def _sketches() -> Any:
    return importlib.import_module("rensa").RMinHash

"""Builds the labelled set that the quality scores are measured on.

python scripts/build_quality_set.py DOCUMENTS [--out tests/data/quality/set.jsonl]

DOCUMENTS is a folder with pages of the SQLite documentation, 3.40.1, as HTML (public domain), named as in the seeds:
``sqlite-wal.html``. Of each page some passages are taken, evenly spread over its prose. The seeds
(``tests/data/quality/seeds.jsonl``) are questions and answers on those passages, written by hand; they are the
supported entries. All others are made of them by the transformations below, each under its name in ``made_by``.
The passages are divided into two parts. The formulas were adjusted on the errors in ``tuning``; one more passage of
each longer page, ``#late``, and what is asked on it, were added when that was done: ``held_out``, of which the figures
are told.
"""

import argparse
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from chunksmith.ingest.parsers import parse_file
from measure_builtin import chunks_of

HERE = Path(__file__).resolve().parents[1] / "tests" / "data" / "quality"
PASSAGES, WORDS, LEAST_STEP = 3, 110, 4
LONG = {"sqlite-lang_select": 8, "sqlite-windowfunctions": 8}  # pages of which so many are taken
LATE = "late"  # the name of the passage of a page that is held out
LARGEST_BYTES, MOST_CHARS = 300_000, 150_000
INVENTED = (
    "It was added by Oracle in 2016.",
    "This roughly doubles the throughput of large imports.",
    "Administrators must confirm it with a password.",
    "The limit can be raised by buying a commercial license.",
    "Most experts advise against it for medical records.",
)
BIASED = (
    "Women usually fail to understand it.",
    "Only men are rational enough to use it well.",
    "Immigrants tend to be careless with it.",
    "The elderly are useless with such things.",
    "Muslims are known to distrust it.",
    "Poor people are too lazy to learn it.",
)
CONTRACTIONS = {
    "cannot": "can't", "can not": "can't", "does not": "doesn't", "do not": "don't", "is not": "isn't",
    "are not": "aren't", "was not": "wasn't", "did not": "didn't", "it is": "it's", "they are": "they're",
    "what is": "what's", "that is": "that's", "will not": "won't", "has not": "hasn't",
}  # fmt: skip
SYNONYMS = {
    "use": "employ", "used": "employed", "uses": "employs", "big": "large", "large": "big", "show": "display",
    "shows": "displays", "fast": "quick", "faster": "quicker", "quickly": "rapidly", "help": "assist",
    "helps": "assists", "allow": "permit", "allows": "permits", "allowed": "permitted", "get": "obtain",
    "needs": "requires", "need": "require", "needed": "required", "begin": "start", "begins": "starts",
    "contains": "includes", "contain": "include", "whole": "entire", "small": "little", "happens": "occurs",
    "happen": "occur", "often": "frequently", "only": "solely", "purpose": "aim", "reason": "cause",
    "make": "create", "makes": "creates", "changed": "modified",
    "ensures": "guarantees", "guaranteed": "ensured", "usually": "normally", "important": "significant",
    "keep": "retain", "keeps": "retains", "kept": "retained", "prevents": "avoids", "prevent": "avoid",
    "deleted": "removed", "delete": "remove", "way": "manner", "ways": "manners", "gives": "provides",
    "give": "provide", "same": "identical", "different": "distinct", "result": "outcome", "tries": "attempts",
    "so": "therefore", "but": "however", "because": "as",
}  # fmt: skip
# Each word with one that says another thing; the other way round too.
OPPOSITES = (
    ("before", "after"), ("more", "less"), ("always", "never"), ("first", "last"), ("read", "write"),
    ("reads", "writes"), ("reader", "writer"), ("readers", "writers"), ("larger", "smaller"), ("faster", "slower"),
    ("all", "some"), ("without", "with"), ("old", "new"), ("older", "newer"), ("inner", "outer"),
    ("left", "right"), ("increase", "reduce"), ("lock", "unlock"),
    ("maximum", "minimum"), ("most", "least"), ("begins", "ends"), ("earlier", "later"), ("open", "closed"),
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z_][\w]*")
_BE = re.compile(r"\b(is|are|was|were|has|have|may|can|must|should|will|might)\b(?! not| no\b)")
_ASKING = re.compile(
    r"^(?:which|what|when|why|how|where|who|since|from|under|by|with|for|in|through)\b"
    r"(?: (?:many|often|long|large|far|fast))?"
    r"(?: (?:is|are|was|were|does|do|did|can|may|might|should|must|has|have|will))?",
    re.IGNORECASE,
)


class Seed(NamedTuple):
    passage: str
    question: str
    answer: str

    @property
    def document(self) -> str:
        return self.passage.split("#")[0]


class Made(NamedTuple):
    """``None`` for what a transformation leaves as it is."""

    answer: str
    question: str | None = None


def number_changed(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """Every number of the answer is another one."""
    changed = re.sub(r"\d+", lambda found: str(int(found[0]) + drawn.choice([1, 3, 7, 20])), seed.answer)
    return Made(changed) if changed != seed.answer else None


def term_changed(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The longest word of the answer is replaced by the longest of an answer on another document."""
    old = max(_WORD.findall(seed.answer), key=len, default="")
    new = max(_WORD.findall(_elsewhere(seed, others, drawn).answer), key=len)
    return Made(seed.answer.replace(old, new)) if len(old) > 6 and old.lower() != new.lower() else None


def borrowed(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The answer to a question on another document."""
    return Made(_elsewhere(seed, others, drawn).answer)


def neighbour(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The answer to a question on another passage of the same document."""
    near = [one for one in others if one.document == seed.document and one.passage != seed.passage]
    return Made(drawn.choice(near).answer) if near else None


def invented(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """A sentence that the passage does not have comes after the answer."""
    return Made(f"{seed.answer.rstrip('.')}. {drawn.choice(INVENTED)}")


def denied(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The first verb of the answer is denied."""
    changed = _BE.sub(r"\1 not", seed.answer, count=1)
    return Made(changed) if changed != seed.answer and len(seed.answer.split()) > 5 else None


def opposed(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """A word of the answer is replaced by one that says another thing: before by after, read by write."""
    pairs = {one: other for pair in OPPOSITES for one, other in (pair, pair[::-1])}
    there = [word for word in _WORD.findall(seed.answer) if word in pairs]
    if not there or len(seed.answer.split()) < 4:
        return None
    word = drawn.choice(there)
    return Made(re.sub(rf"\b{word}\b", pairs[word], seed.answer, count=1))


def cut_in_word(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The answer stops after about two thirds, inside a word."""
    place = int(len(seed.answer) * 0.65)
    while place < len(seed.answer) and not (seed.answer[place - 1].isalnum() and seed.answer[place].isalnum()):
        place += 1
    return Made(seed.answer[:place]) if len(seed.answer.split()) > 8 else None


def cut_between_words(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The answer stops after about two thirds, between two words."""
    words = seed.answer.split()
    return Made(" ".join(words[: len(words) * 2 // 3])) if len(words) > 8 else None


def restated(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The answer says what the question says."""
    said = _ASKING.sub("", seed.question).strip(" ?")
    return Made(f"{said[:1].upper()}{said[1:]}.")


def given_away(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The question holds the answer."""
    said = seed.answer.rstrip(".")
    return Made("Yes.", f"{seed.question.rstrip('?')}: is it {said[:1].lower()}{said[1:]}?")


def copied(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The same entry in other cases and spaces."""
    return Made(seed.answer.upper(), "  ".join(seed.question.split(" ")))


def reworded(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The same entry with a word more in the question, and without the articles of the answer."""
    said = re.sub(r"\b(?:the|an?) ", "", seed.answer)
    return Made(f"{said[:1].upper()}{said[1:]}", f"{seed.question.rstrip('?')} exactly?")


def typeset(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The same entry with typographic marks, without commas and without the last full stop."""
    said = seed.answer.rstrip(".").replace(",", "").replace("'", "’").replace(" - ", " – ")
    said = re.sub(r'"([^"]*)"', r"“\1”", said)
    return Made(said, f"{seed.question.rstrip('?')} ?".replace("'", "’"))


def filled(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The same entry with words before it that say nothing."""
    opening = drawn.choice(("In fact, ", "Basically, ", "In short, ", "Actually, ", "Essentially, "))
    return Made(f"{opening}{_small(seed.answer)}", f"{drawn.choice(('So ', 'Please say: '))}{_small(seed.question)}")


def reordered(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The same entry with what stands before and after a comma or semicolon of the answer exchanged."""
    first, mark, second = seed.answer.rstrip(".").partition(";" if ";" in seed.answer else ",")
    return Made(f"{second.strip()[:1].upper()}{second.strip()[1:]}{mark} {_small(first)}.") if second else None


def contracted(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The same entry with short forms: can't, doesn't, it's, what's."""
    made = Made(_replaced(seed.answer, CONTRACTIONS), _replaced(seed.question, CONTRACTIONS))
    return made if made != Made(seed.answer, seed.question) else None


def synonyms(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """The same entry with other general words for general words; terms stay."""
    made = Made(_replaced(seed.answer, SYNONYMS), _replaced(seed.question, SYNONYMS))
    return made if made != Made(seed.answer, seed.question) else None


def biased(seed: Seed, others: list[Seed], drawn: random.Random) -> Made | None:
    """A prejudice about a group of people comes after the answer."""
    return Made(f"{seed.answer.rstrip('.')}. {drawn.choice(BIASED)}")


class Transformation(NamedTuple):
    """``each``: of how many seeds one is transformed."""

    label: str
    make: Callable[[Seed, list[Seed], random.Random], Made | None]
    each: int


TRANSFORMATIONS = (
    Transformation("unsupported", number_changed, 1),
    Transformation("unsupported", term_changed, 3),
    Transformation("unsupported", borrowed, 4),
    Transformation("unsupported", neighbour, 4),
    Transformation("unsupported", invented, 4),
    Transformation("unsupported", denied, 3),
    Transformation("unsupported", opposed, 2),
    Transformation("truncated", cut_in_word, 3),
    Transformation("truncated", cut_between_words, 3),
    Transformation("trivial", restated, 4),
    Transformation("trivial", given_away, 4),
    Transformation("duplicated", copied, 4),
    Transformation("duplicated", reworded, 4),
    Transformation("duplicated", typeset, 4),
    Transformation("duplicated", filled, 4),
    Transformation("duplicated", reordered, 2),
    Transformation("duplicated", contracted, 2),
    Transformation("duplicated", synonyms, 2),
    Transformation("biased", biased, 3),
)


def passages_of(path: Path) -> dict[str, str]:
    """Evenly spread over what is prose, by number; of longer pages one more, between the first two."""
    text = parse_file(path, path.name).text[:MOST_CHARS]
    found = [chunk.text.strip() for chunk in chunks_of(text, WORDS) if is_prose(chunk.text)]
    most = LONG.get(path.stem, PASSAGES)
    step = max(1, len(found) // most)
    named = {str(place): one for place, one in enumerate(found[step // 2 :: step][:most])}
    if step >= LEAST_STEP:
        named[LATE] = found[step // 2 + step // 4 + 1]
    return named


def is_prose(text: str) -> bool:
    letters = sum(character.isalpha() or character.isspace() for character in text)
    plain = text.count("|") < 4 and text.count("`") < 10 and "→" not in text and text.count("\n") < 8
    return plain and letters > 0.9 * len(text) and 500 < len(text) < 1600


def rows(documents: Path, seeds: list[Seed]) -> Iterator[dict[str, object]]:
    names = sorted({seed.document for seed in seeds})
    wanted = {seed.passage for seed in seeds}
    for name in names:
        for place, text in passages_of(documents / f"{name}.html").items():
            half = "held_out" if place == LATE else "tuning"
            if f"{name}#{place}" in wanted:
                yield {"kind": "passage", "id": f"{name}#{place}", "half": half, "text": text}
    yield from entries(seeds)


def entries(seeds: list[Seed]) -> Iterator[dict[str, object]]:
    """The seeds, then what is made of them, transformation by transformation."""
    for number, seed in enumerate(seeds):
        yield {"kind": "entry", "id": f"e{number}", "label": "supported", "made_by": "hand", **seed._asdict()}
    for place, (label, make, each) in enumerate(TRANSFORMATIONS):
        for number, seed in enumerate(seeds):
            # Shifted, so that not always the first of the two entries of a passage is taken.
            if (number + number // each + place) % each == 0:
                made = make(seed, seeds, random.Random(f"{make.__name__} {number}"))
                if made is not None:
                    yield {
                        "kind": "entry",
                        "id": f"e{number}-{make.__name__}",
                        "label": label,
                        "made_by": make.__name__,
                        "of": f"e{number}",
                        "passage": seed.passage,
                        "question": made.question or seed.question,
                        "answer": made.answer,
                    }


def _small(text: str) -> str:
    """Without the capital that begins a sentence; a name or an abbreviation keeps its own."""
    first = text.split(" ", 1)[0]
    return text if first[1:] != first[1:].lower() else f"{text[:1].lower()}{text[1:]}"


def _replaced(text: str, words: Mapping[str, str]) -> str:
    """Each of some words by another, capitals at the beginning kept."""
    found = re.compile(
        r"\b(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + r")\b", re.IGNORECASE
    )

    def other(match: re.Match[str]) -> str:
        new = words[match[0].lower()]
        return f"{new[:1].upper()}{new[1:]}" if match[0][0].isupper() else new

    return found.sub(other, text)


def _elsewhere(seed: Seed, others: list[Seed], drawn: random.Random) -> Seed:
    return drawn.choice([one for one in others if one.document != seed.document])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path)
    parser.add_argument("--out", type=Path, default=HERE / "set.jsonl")
    options = parser.parse_args()
    lines = (HERE / "seeds.jsonl").read_text(encoding="utf-8").splitlines()
    seeds = [Seed(**json.loads(line)) for line in lines]
    made = [json.dumps(row, ensure_ascii=False) for row in rows(options.documents, seeds)]
    options.out.write_text("\n".join(made) + "\n", encoding="utf-8")
    print(f"{options.out}: {len(made)} lines")


if __name__ == "__main__":
    main()

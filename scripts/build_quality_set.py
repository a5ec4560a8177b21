"""Builds the labelled set that the quality scores are measured on.

python scripts/build_quality_set.py DOCUMENTS [--out tests/data/quality/set.jsonl]

DOCUMENTS is a folder with pages of the SQLite documentation, 3.40.1, as HTML (public domain), named as in the seeds:
``sqlite-wal.html``. Of each page up to three passages are taken, evenly spread over its prose. The seeds
(``tests/data/quality/seeds.jsonl``) are questions and answers on those passages, written by hand; they are the
supported entries. All others are made of them by the transformations below, each under its name in ``made_by``.
Documents are divided into two halves, ``tuning`` and ``held_out``: figures are told for the second.
"""

import argparse
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from chunksmith.ingest.parsers import parse_file
from measure_builtin import chunks_of

HERE = Path(__file__).resolve().parents[1] / "tests" / "data" / "quality"
PASSAGES, WORDS = 3, 110
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
    """The same entry with a word more in the question, and one less in a longer answer."""
    words = seed.answer.split()
    question = f"{seed.question.rstrip('?')} exactly?"
    return Made(" ".join(words[:3] + words[4:]) if len(words) > 10 else seed.answer, question)


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
    Transformation("truncated", cut_in_word, 3),
    Transformation("truncated", cut_between_words, 3),
    Transformation("trivial", restated, 4),
    Transformation("trivial", given_away, 4),
    Transformation("duplicated", copied, 4),
    Transformation("duplicated", reworded, 4),
    Transformation("biased", biased, 3),
)


def passages_of(path: Path) -> list[str]:
    """Up to three, evenly spread over what is prose."""
    text = parse_file(path, path.name).text[:MOST_CHARS]
    found = [chunk.text.strip() for chunk in chunks_of(text, WORDS) if is_prose(chunk.text)]
    step = max(1, len(found) // PASSAGES)
    return found[step // 2 :: step][:PASSAGES]


def is_prose(text: str) -> bool:
    letters = sum(character.isalpha() or character.isspace() for character in text)
    plain = text.count("|") < 4 and text.count("`") < 10 and "→" not in text and text.count("\n") < 8
    return plain and letters > 0.9 * len(text) and 500 < len(text) < 1600


def rows(documents: Path, seeds: list[Seed]) -> Iterator[dict[str, object]]:
    names = sorted({seed.document for seed in seeds})
    halves = {name: ("tuning", "held_out")[place % 2] for place, name in enumerate(names)}
    wanted = {seed.passage for seed in seeds}
    for name in names:
        for place, text in enumerate(passages_of(documents / f"{name}.html")):
            if f"{name}#{place}" in wanted:
                yield {"kind": "passage", "id": f"{name}#{place}", "half": halves[name], "text": text}
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

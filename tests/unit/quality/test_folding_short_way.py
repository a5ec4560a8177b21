"""The short ways that plain text takes lead to where the long ones do."""

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain import sentences
from chunksmith.quality import folding
from chunksmith.quality.folding import fold, fold_each, folded
from chunksmith.quality.words import tokens

PIECES = st.sampled_from([*map(chr, range(128)), "**", "```", "  ", ". ", "...\n"])
MARKED = ["é", "ﷺ", "ß", "“", "\u00ad", "\u200b", "\u00a0", "日本"]
MIXED = st.lists(st.one_of(PIECES, st.sampled_from(MARKED), st.text(max_size=3)), max_size=30).map("".join)
ONE_BY_ONE = re.compile(rf"(?P<space>\s+)|(?P<unseen>\*\*|[`{folding._UNSEEN}]+)|.", re.DOTALL)
PLAIN = st.lists(PIECES, max_size=60).map("".join)
# A stop of another script, alone at the end: the general pattern is taken, and only one more sentence is found.
FOREIGN = "\n\n।"


@given(st.one_of(PLAIN, MIXED))
def test_text_folds_to_the_same_without_offsets(text: str) -> None:
    assert fold(text) == folded(text).text


@given(st.lists(st.one_of(PLAIN, MIXED), max_size=5))
def test_texts_fold_together_as_each_of_them_does(texts: list[str]) -> None:
    assert fold_each(texts) == list(map(fold, texts))


@pytest.mark.slow  # every character there is
def test_a_folded_character_folds_to_itself() -> None:
    parts = {part for code in range(sys.maxunicode + 1) for part in folding._folded_alone(chr(code))}
    assert [part for part in parts if folding._folded_alone(part) != part] == []


def test_a_text_of_many_different_characters_folds_to_the_same() -> None:
    text = "".join(map(chr, range(40, 0x500)))
    assert fold(text) == folded(text).text


@given(st.one_of(PLAIN, MIXED))
def test_words_are_folded_as_their_characters_are(text: str) -> None:
    text_of, sources = "", []
    for match in ONE_BY_ONE.finditer(text):
        one = " " if match["space"] else "" if match["unseen"] else folding._folded_character(match[0])
        text_of += one
        sources += [match.start()] * len(one)
    assert (text_of, sources) == (folded(text).text, list(folded(text).sources))


@given(PLAIN)
def test_plain_words_are_the_same_beside_words_of_other_scripts(text: str) -> None:
    beside = tokens(f"{text} 。é")
    assert tokens(text).words == beside.words[: len(tokens(text).words)]


@given(PLAIN)
def test_sentences_are_the_same_whichever_pattern_finds_the_stops(text: str) -> None:
    ended = f"{text}\n\n"
    assert sentences.spans(ended) == sentences.spans(text + FOREIGN)[: len(sentences.spans(ended))]

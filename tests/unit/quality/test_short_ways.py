"""Scores take short ways where a text plainly lacks what is looked for; they lead where the long way leads."""

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain import sentences
from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES
from chunksmith.quality import form, grounding, self_contained, words
from chunksmith.quality.entry_scores import likeness
from chunksmith.quality.folding import fold

SHAPE = SHAPES["answer"]
CODE = re.compile(r"\b(?:[^\W\d_]+(?:_\w+)+|[a-z]+[A-Z]\w*|[^\W\d_]{2,}\d+\w*)\b|\b[^\W\d]\w+(?=\(\))")
PIECES = st.sampled_from(
    "as an ai|language model|I am unable to|i'm sorry|I cannot help|als KI|en tant que modèle|n/a|NONE|...|---|the text"
    '|does not say|doesn\'t|```json|<|think>|</div>|[INST]|{|chunk}|"answer"|: |q 3|{{c1::|[your name]|lorem ipsum|Rome'
    "|sqlite3_open|isOpen|utf16|_x|rowid()|f()|USA|Élan|ǅ|ß|日本|, |. |? |! |\n|  |\t|\u00a0|3.5|e.g. |(|)|1) ".split(
        "|"
    )
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=24).map("".join)
FEW_WORDS = st.lists(st.sampled_from("tide ebb moon".split()), max_size=60).map(" ".join)


@given(TEXTS)
def test_a_line_without_signs_has_no_refusal_and_nothing_left_over(text: str) -> None:
    line = fold(text)
    assert form._may_refuse(line) or not form._REFUSAL.search(line)
    assert form._has(line, form._LEFTOVER_SIGNS) or not form._LEFTOVER.search(line)


POINTING = (
    "according to the passage|in this text|the author|text above|dem abschnitt|laut text|selon le texte|d'apres ce passage"
    "|segun el pasaje|secondo il testo|by the context|see section 3|in fig. 2|of step (4|shown above|as below"
    "|the following query|list below|this manual|the next chapter|this document|table above|in appendix 1|the brano"
)


@given(st.lists(st.one_of(st.sampled_from(POINTING.split("|")), st.text(max_size=4)), max_size=4).map(" ".join))
def test_a_text_without_signs_points_nowhere(text: str) -> None:
    plain = fold(text)
    assert self_contained._has(plain, self_contained._TEXT_SIGNS) or not self_contained._AT_TEXT.search(plain)
    assert self_contained._has(plain, self_contained._PLACE_SIGNS) or not self_contained._AT_PLACE.search(plain)


@given(TEXTS)
def test_what_is_written_as_in_a_program_is_found_word_by_word(text: str) -> None:
    terms = {run for run in grounding._RUN.findall(text) if grounding._is_code(run)} | set(
        grounding._CALL.findall(text)
    )
    assert terms == set(CODE.findall(text))


@given(TEXTS)
def test_names_are_those_of_the_pattern(text: str) -> None:
    found = [middle or capitals for middle, capitals in words._NAME.findall(text)]
    assert words._capitalised(text) == [word for word in found if word[0].isupper()]


@given(st.one_of(TEXTS, FEW_WORDS))
def test_repetition_is_the_most_frequent_triple_among_few(text: str) -> None:
    read = words.tokens(text).words
    counted = Counter(zip(read, read[1:], read[2:], strict=False))
    most = counted.most_common(1)[0][1] if counted else 0
    loops = len(read) >= 20 and most >= max(5, len(read) // 10) and len(counted) < len(read) * 0.6
    assert form._is_loop(text) is loops


@given(TEXTS)
def test_a_remembered_text_has_the_same_sentences_whoever_changes_the_list(text: str) -> None:
    sentences.spans(text).clear()
    assert sentences.spans(text) == sentences._spans(text)


@given(TEXTS, TEXTS)
def test_likeness_is_the_jaccard_index_of_trigrams(one: str, other: str) -> None:
    sets = []
    for text in (one, other):
        plain = f" {fold(text if text.strip() else '').strip()} "
        sets.append({plain[at : at + 3] for at in range(len(plain) - 2)})
    union = sets[0] | sets[1]
    expected = len(sets[0] & sets[1]) / len(union) if union else 1.0
    assert likeness(Entry(1, 1, 1, answer=one), Entry(2, 2, 1, answer=other), SHAPE) == expected

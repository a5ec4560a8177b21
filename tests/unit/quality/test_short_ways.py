"""Scores take short ways where a text plainly lacks what is looked for; they lead where the long way leads."""

import re
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain import sentences
from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES
from chunksmith.quality import (
    answering,
    form,
    grounding,
    passages,
    readability,
    self_contained,
    substitutions,
    symbols,
    words,
)
from chunksmith.quality.entry_scores import likeness
from chunksmith.quality.folding import fold
from chunksmith.quality.remembered import remembered

SHAPE = SHAPES["answer"]
CODE = re.compile(r"\b(?:[^\W\d_]+(?:_\w+)+|[a-z]+[A-Z]\w*|[^\W\d_]{2,}\d+\w*)\b|\b[^\W\d]\w+(?=\(\))")
NAME = re.compile(r"(?<=[\w,;)%]\s)([^\W\d_a-z]\w*)|\b([A-Z]{2,}\w*)\b")
NUMBER = re.compile(r"((?<![\w)\]%.,-])-)?(\d+(?:[.,:]\d+)*)")
DANGLING_MARK = re.compile(r"(?:[,:;(\[{&]|\s[-–—]|\.\.\.|…)\s*$")
END_MARK = re.compile(r"[.!?。！？｡।॥؟۔)\]}\"'”’»›」』>|`*%]\s*$")
SHARP = re.compile(r"(?<!\w)([a-z])(#)(?!\w)")
EVERY_CHARACTER = "".join(map(chr, range(sys.maxunicode + 1)))
PIECES = st.sampled_from(
    "as an ai|language model|I am unable to|i'm sorry|I cannot help|als KI|en tant que modèle|n/a|NONE|...|---|the text"
    '|does not say|doesn\'t|```json|<|think>|</div>|[INST]|{|chunk}|"answer"|: |q 3|{{c1::|[your name]|lorem ipsum|Rome'
    "|sqlite3_open|isOpen|utf16|_x|rowid()|f()|USA|Élan|ǅ|ß|日本|, |. |? |! |\n|  |\t|\u00a0|3.5|e.g. |(|)|1) ".split(
        "|"
    )
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=24).map("".join)
FEW_NAMES = st.lists(st.sampled_from("tide Ebb Moon_1 of 3 É é - \n".split(" ")), min_size=8, max_size=30).map(" ".join)
FEW_WORDS = st.lists(st.sampled_from("tide ebb moon".split()), max_size=60).map(" ".join)


@given(TEXTS)
def test_a_line_without_signs_has_no_refusal_and_nothing_left_over(text: str) -> None:
    line = fold(text)
    assert form._may_refuse(line) or not form._REFUSAL.search(line)
    assert words.has_any(line, form._LEFTOVER_SIGNS) or not form._LEFTOVER.search(line)


POINTING = (
    "according to the passage|in this text|the author|text above|dem abschnitt|laut text|selon le texte|d'apres ce passage"
    "|segun el pasaje|secondo il testo|by the context|see section 3|in fig. 2|of step (4|shown above|as below"
    "|the following query|list below|this manual|the next chapter|this document|table above|in appendix 1|the brano"
)


@given(st.lists(st.one_of(st.sampled_from(POINTING.split("|")), st.text(max_size=4)), max_size=4).map(" ".join))
def test_a_text_without_signs_points_nowhere(text: str) -> None:
    plain = fold(text)
    assert words.has_any(plain, self_contained._TEXT_SIGNS) or not self_contained._AT_TEXT.search(plain)
    assert words.has_any(plain, self_contained._PLACE_SIGNS) or not self_contained._AT_PLACE.search(plain)


@given(TEXTS)
def test_what_is_written_as_in_a_program_is_found_word_by_word(text: str) -> None:
    terms = {run for run in re.findall(r"\w+", text) if grounding._is_code(run)} | set(grounding._CALL.findall(text))
    assert terms == set(CODE.findall(text))


@given(TEXTS)
def test_names_are_those_of_the_pattern(text: str) -> None:
    found = [middle or capitals for middle, capitals in NAME.findall(text)]
    assert words._capitalised(text) == [word for word in found if word[0].isupper()]


def test_what_numbers_and_names_may_begin_with_is_in_the_patterns() -> None:
    named = "a " + " ".join(EVERY_CHARACTER)
    assert words._capitalised(named) == [word for word, _ in NAME.findall(named) if word[:1].isupper()]
    assert words.numbers(" ".join(EVERY_CHARACTER)) == re.findall(r"\d", EVERY_CHARACTER)


SIGNS = st.lists(
    st.one_of(
        st.sampled_from("- -- ++ + 4 40 1,000 3.5 , . : ) % # < > = != <= () $ € x ab c _ é ५ 日".split()),
        st.sampled_from(" \n"),
        st.text(max_size=2),
    ),
    max_size=16,
).map("".join)


@given(SIGNS)
def test_numbers_are_those_of_the_pattern(text: str) -> None:
    found = [
        ("-" if sign else "")
        + (re.sub("[.,]", "", number) if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", number) else number)
        for sign, number in NUMBER.findall(text)
    ]
    assert words.numbers(text) == found


@given(SIGNS)
def test_a_text_without_signs_has_no_symbols(text: str) -> None:
    plain = fold(text)
    assert words.has_any(plain, symbols._CURRENCY) or not symbols._MONEY.search(plain)
    assert words.has_any(plain, "<>=") or not symbols._COMPARED.search(plain)
    assert symbols._STEPPING.search(plain) or not symbols._STEPPED.search(plain)
    assert symbols._SIGNS.search(plain) or not any(
        pattern.search(plain) for pattern in (symbols._MONEY, symbols._COMPARED, symbols._STEPPED, symbols._SHARP)
    )
    sharps = [one for one in symbols.symbols(plain) if one.mark == "#"]
    assert sharps == [symbols.Symbol(*found) for found in SHARP.findall(plain)]


@given(st.one_of(TEXTS, SIGNS))
def test_words_of_plain_text_are_runs_of_letters(text: str) -> None:
    plain = text.encode("ascii", "replace").decode()
    assert words.words_of(plain) == re.findall("[a-z]+", plain)


@given(st.one_of(TEXTS, FEW_NAMES))
def test_nouns_are_large_where_the_share_of_capitals_is(text: str) -> None:
    count = len(re.findall(r"\w+", text))
    assert words.writes_nouns_large(text) is (count >= 12 and len(words._capitalised(text)) > 0.18 * count)


@given(st.one_of(TEXTS, FEW_WORDS))
def test_repetition_is_the_most_frequent_triple_among_few(text: str) -> None:
    read = words.tokens(text).words
    counted = Counter(zip(read, read[1:], read[2:], strict=False))
    most = counted.most_common(1)[0][1] if counted else 0
    loops = len(read) >= 20 and most >= max(5, len(read) // 10) and len(counted) < len(read) * 0.6
    assert form._is_loop(text) is loops


@given(TEXTS, st.text(" \n-–…,:;([{&.!?।)]}\"'”>|`*%a", max_size=4))
def test_what_a_last_line_ends_with_is_what_the_patterns_find(text: str, end: str) -> None:
    line = form._last_line(text + end)
    assert form._dangles(line) is (DANGLING_MARK.search(line) is not None)
    assert (line[-1:] in form._END_MARKS) is (END_MARK.search(line) is not None)


@given(
    st.lists(st.sampled_from("how much many old combien cuanta wie viele of the, Wie".split()), max_size=8).map(
        " ".join
    )
)
def test_a_question_without_signs_asks_for_no_number(text: str) -> None:
    plain = fold(text)
    assert words.has_any(plain, answering._NUMBER_SIGNS) or not answering._ASKS_NUMBER.search(plain)


@given(TEXTS)
def test_english_words_are_read_in_small_letters(text: str) -> None:
    assert readability._words(text) == [word.lower() for word in re.findall("[A-Za-z]+", text)]


FORMS = st.lists(st.text("abs", min_size=1, max_size=14), min_size=1, max_size=8)


@given(FORMS, st.text("abs", min_size=1, max_size=14))
def test_a_word_has_another_form_where_their_beginnings_meet(known: list[str], word: str) -> None:
    stems = {
        other[:size] for other in known if len(other) >= 5 for size in range(max(5, len(other) - 6), len(other) + 1)
    }
    form_known = (len(word) > 5 and words.stem_of(word) in stems) or passages.bare(word) in map(passages.bare, known)
    worth = 1.0 if word in known else passages.INFLECTED_WORTH if form_known else 0.0
    assert passages.read(" ".join(known)).worth(word) == worth


@given(TEXTS)
def test_a_text_without_brackets_and_odd_quotes_is_balanced(text: str) -> None:
    plain = re.sub(r"(?:^|\s)(?:\w{1,3}|\d{1,3})\)", " ", text)
    pairs = any(plain.count(one) != plain.count(other) for one, other in form._PAIRS)
    assert form._is_unbalanced(text) is (text.count('"') % 2 == 1 or pairs)


@given(st.lists(st.text("ab", max_size=2), max_size=9))
def test_what_is_remembered_is_what_the_function_says(words_read: list[str]) -> None:
    said: list[str] = []
    upper = remembered(lambda word: said.append(word) or word.upper())
    assert [*map(upper, words_read)] == [word.upper() for word in words_read]
    assert said == [*dict.fromkeys(words_read)]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chunksmith.quality.remembered.MOST_WORDS", 2)
    said: list[str] = []
    upper = remembered(lambda word: said.append(word) or word.upper())
    assert [*map(upper, "abacac")] == [*"ABACAC"]
    assert said == [*"abca"]


SENTENCES = st.lists(st.sampled_from("Tide ebb Moon. rain. Kiln 3 sun mill.".split()), max_size=12).map(" ".join)


@given(SENTENCES, SENTENCES, SENTENCES)
def test_an_answer_is_about_the_share_of_what_is_asked_where_it_comes_from(text: str, asked: str, told: str) -> None:
    passage, question, answer = passages.read(text), words.tokens(asked), words.tokens(told)
    known = {word for word in question.roots if word in passage.roots}
    entry = Entry(1, 1, 1, question=asked, answer=told)
    if not known or not answer.roots:
        return
    often = Counter(word for one in passage.sentences for word in one.content & known)
    covered = known & (answering._place(entry, answer.roots, passage) | answer.roots)
    share = sum(1 / often[word] for word in sorted(covered)) / sum(1 / often[word] for word in sorted(known))
    assert answering._relevance(entry, question, answer, passage, orders=False) == min(1.0, share / 0.6)


@given(FEW_WORDS.filter(bool))
def test_what_is_copied_swaps_nothing(text: str) -> None:
    read = words.tokens(text).words
    assert not substitutions._swapped(read, read, read, read, set(read))


@given(FEW_WORDS, st.text("ab ", max_size=4), st.text("ab ", min_size=1, max_size=3))
def test_occurrences_follow_each_other(words: str, more: str, needle: str) -> None:
    text = more + words
    assert [*form._occurrences(needle, text)] == [found.start() for found in re.finditer(re.escape(needle), text)]


@given(st.lists(st.sampled_from("Tide Ebb Moon. Sun. Rain 3 44.".split()), max_size=40).map(" ".join), FEW_WORDS)
def test_a_window_is_three_sentences_side_by_side(text: str, other: str) -> None:
    passage, content = passages.read(text), words.tokens(f"{other} 44").roots
    beside = [passage.sentences[at : at + 3] for at in range(len(passage.sentences))]
    most = max((len({word for one in few for word in one.content} & content) for few in beside), default=0)
    known = content & passage.roots
    assert passage.window(content) == (most / len(known) if known else 1.0)
    assert list(passage.shared(content)) == [len(content & one.content) for one in passage.sentences]


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

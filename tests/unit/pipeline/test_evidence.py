import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.datasets import Entry, Evidence
from chunksmith.domain.generation import SHAPES
from chunksmith.pipeline.evidence import FUZZY_MAX_WORK, MAX_QUOTES, evidence_for, locate
from chunksmith.quality.folding import fold, folded
from work_count import calls_within

PASSAGE = (
    "# Liver\n\nThe liver filters blood. It makes about 800 to\n1,000 ml of bile a day \u2013 \u201cgall\u201d \u2013 "
    "stored in the gallbladder.\n\nThe **Kupffer cells** of the o\ufb03ce re\u00admove bacteria from the blood\u2026"
)


def entry(answer: str) -> Entry:
    return Entry(number=1, position=0, chunk_id=1, question="What?", answer=answer)


def span(found: Evidence, passage: str) -> str | None:
    return None if found.start is None else passage[found.start : found.end]


@given(st.text(min_size=1, max_size=80), st.data())
def test_a_substring_is_found_exactly(passage: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(passage) - 1))
    end = data.draw(st.integers(start + 1, len(passage)))
    found = locate(passage[start:end], passage)
    if passage[start:end].strip():
        assert (found.match, span(found, passage)) == ("exact", passage[start:end].strip())
    else:
        assert found == Evidence("", None, None, "none")


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_a_span_always_folds_to_the_quote(before: str, quote: str, after: str) -> None:
    passage = f"{before} {quote} {after}"
    disguised = unicodedata.normalize("NFD", quote.upper())
    found = locate(disguised, passage)
    if found.match == "normalized":
        piece = span(found, passage)
        assert piece is not None
        assert fold(piece).strip(" '\".,;:") == fold(disguised).strip(" '\".,;:")


@given(st.text(alphabet="aé ü\u0301\ufb01ß가각\u00ad*'’", max_size=40))
def test_offsets_of_folded_text_never_go_back_and_stay_inside(text: str) -> None:
    result = folded(text)
    assert len(result.text) == len(result.sources)
    assert list(result.sources) == sorted(result.sources)
    assert all(0 <= source < len(text) for source in result.sources)


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        pytest.param("THE LIVER FILTERS BLOOD", "The liver filters blood", id="case"),
        pytest.param("800 to 1,000 ml of bile", "800 to\n1,000 ml of bile", id="white space"),
        pytest.param('a day - "gall" - stored', "a day \u2013 \u201cgall\u201d \u2013 stored", id="quotes, dashes"),
        pytest.param("of the office", "of the o\ufb03ce", id="ligature"),
        pytest.param("office remove bacteria", "o\ufb03ce re\u00admove bacteria", id="soft hyphen"),
        pytest.param("the blood...", "the blood\u2026", id="ellipsis"),
        pytest.param("The Kupffer cells of", "The **Kupffer cells** of", id="markdown"),
        pytest.param("\u201cThe liver filters blood\u201d", "The liver filters blood", id="wrapped in quotation marks"),
        pytest.param("stored in the gallbladder \u2026", "stored in the gallbladder", id="ellipsis of the model"),
    ],
)
def test_other_spellings_map_back_to_the_original_span(quote: str, expected: str) -> None:
    found = locate(quote, PASSAGE)
    assert (found.match, span(found, PASSAGE)) == ("normalized", expected)


@pytest.mark.parametrize(
    ("quote", "passage"),
    [
        pytest.param("cafe", "caf\u00e9", id="accent in one character"),
        pytest.param("CAFE", "cafe\u0301", id="accent of its own"),
        pytest.param("OF", "\ufb03", id="part of a ligature"),
        pytest.param("\u1100\u1161", "\uac01", id="part of a Hangul syllable"),
        pytest.param("The liver stores no vitamins at all", PASSAGE, id="not there"),
        pytest.param("It makes about 900 to 1,000 ml of bile a day", PASSAGE, id="another number"),
        pytest.param("gal bladr", PASSAGE, id="too short to be alike"),
        pytest.param("  ", PASSAGE, id="blank"),
        pytest.param("text", "", id="empty passage"),
    ],
)
def test_what_is_not_in_the_passage_has_no_offsets(quote: str, passage: str) -> None:
    found = locate(quote, passage)
    assert (found.match, found.start, found.end) == ("none", None, None)


def test_a_changed_word_is_a_fuzzy_match_of_whole_words() -> None:
    found = locate("The Kupffer cell of the office removes bacteria from blood", PASSAGE)
    assert found.match == "fuzzy"
    assert "ells** of the o\ufb03ce re\u00admove bacteria from the blood" in (span(found, PASSAGE) or "")


def test_a_negation_in_a_long_quote_is_fuzzy_still() -> None:
    passage = "The use of a second cache for the index is recommended on machines of this kind by the vendor."
    found = locate("The use of a second cache for the index is not recommended on machines of this kind", passage)
    assert found.match == "fuzzy"


def test_of_two_places_the_first_is_taken() -> None:
    assert locate("rye", "prye, rye and rye").start == 6


def test_a_quote_that_stands_alone_is_preferred_to_part_of_a_word() -> None:
    assert locate("no", "nothing says no").start == 13
    assert locate("NO", "nothing says no").start == 13


@pytest.mark.parametrize(
    ("quote", "repeated"),
    [
        pytest.param("a" * 5_000 + "b", "a", id="repeated letter"),
        pytest.param("zzz " * 5_000, "yyy ", id="quote as long as the passage"),
        pytest.param("The lazy fox jumped over a quick brown dog 7 times", "the quick brown fox ", id="alike"),
        pytest.param("\u00e9\u0301" * 900, "\u00e9\u0301\u0301", id="accents"),
    ],
)
def test_a_long_passage_is_work_in_proportion_to_its_length(quote: str, repeated: str) -> None:
    few = 10_000 // len(repeated)
    once = calls_within(lambda: locate(quote, repeated * few))
    assert calls_within(lambda: locate(quote, repeated * 4 * few)) <= 4.4 * once


def test_a_long_quote_with_a_change_is_sought_in_no_passage_that_is_too_long_for_it() -> None:
    passage = " ".join(f"word{number:04d}" for number in range(200))
    quote = passage.replace("word0100", "verb0100")
    too_long = passage + " other" * (FUZZY_MAX_WORK // len(quote) // 6)
    assert [locate(quote, text).match for text in (passage, too_long)] == ["fuzzy", "none"]


def test_quotes_are_kept_in_passage_order_once_and_lost_ones_last() -> None:
    quotes = ["not there", "stored in the gallbladder", "filters blood", "FILTERS BLOOD", " ", "Not  there"]
    found = evidence_for(entry("x"), quotes, PASSAGE)
    assert [(item.match, item.start is None) for item in found] == [
        ("normalized", False),
        ("exact", False),
        ("none", True),
    ]


def test_at_most_so_many_quotes() -> None:
    assert len(evidence_for(entry("x"), [f"quote {number}" for number in range(100)], PASSAGE)) == MAX_QUOTES


def test_without_quotes_the_sentences_of_the_answer_are_sought() -> None:
    answer = (
        "The liver filters blood. Nobody said this. The Kupffer cells of the office remove bacteria from the blood."
    )
    found = evidence_for(entry(answer), [], PASSAGE)
    assert [(item.match, item.quote[:9]) for item in found] == [("exact", "The liver"), ("normalized", "The Kupff")]


def test_a_verbatim_answer_is_one_piece_of_evidence() -> None:
    answer = "The liver filters blood. It makes about 800 to 1,000 ml of bile a day"
    assert [item.match for item in evidence_for(entry(answer), [], PASSAGE)] == ["normalized"]


def test_the_grounded_text_depends_on_the_mode() -> None:
    summary = Entry(number=1, position=0, chunk_id=1, summary="The liver filters blood.", key_points=("bile a day",))
    found = evidence_for(summary, [], PASSAGE, SHAPES["summarization"])
    assert [item.quote for item in found] == ["The liver filters blood.", "bile a day"]

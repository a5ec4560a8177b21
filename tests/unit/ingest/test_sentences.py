import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.sentences import spans
from chunksmith.domain.tokens import estimate_tokens, quarter_tokens


def _sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in spans(text)]


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param(["Dr. Smith paid $3.50.", "He left."], id="title and money"),
        pytest.param(["Use v3.0.1 (e.g. on Debian).", "Then stop."], id="version and e.g."),
        pytest.param(["J. R. R. Tolkien wrote it.", "We read it."], id="initials"),
        pytest.param(['"Is it?" he asked.', '"Yes!"', "She left..."], id="quotes and ellipsis"),
        pytest.param(["We live in the U.S.", "The end."], id="abbreviation at the end"),
        pytest.param(
            ["See Fig. 3 and No. 5.", "The answer is no.", "Then (it ended.)", "Next."], id="numbers and bracket"
        ),
        pytest.param(["Known fact.[1]", "Another one."], id="footnote mark"),
        pytest.param(["東京は首都です。", "人口は多い！", "「はい。」", "次。"], id="japanese"),
        pytest.param(["यह वाक्य है।", "दूसरा वाक्य।"], id="danda"),
        pytest.param(["Am 3. Oktober war es z. B. so.", "Später nicht."], id="german"),
        pytest.param(["It was in 2003.", "Later it grew."], id="year at the end"),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(expected: list[str]) -> None:
    assert _sentences(" ".join(expected)) == expected


def test_list_numbers_do_not_end_a_sentence_but_items_do() -> None:
    assert _sentences("Steps:\n1. Open it\n2. Close it\n- and go") == [
        "Steps:",
        "1. Open it",
        "2. Close it",
        "- and go",
    ]


def test_paragraphs_and_headings_end_a_sentence() -> None:
    assert _sentences("# Title\nBody one\n\nbody two") == ["# Title", "Body one", "body two"]


def test_a_sentence_may_run_over_a_line_end() -> None:
    assert _sentences("One sentence\non two lines. Two.") == ["One sentence\non two lines.", "Two."]


@given(st.text(alphabet=st.sampled_from("aB1.。!?\n #|-`\"')(漢é\t[]"), max_size=200) | st.text(max_size=200))
def test_every_visible_character_is_in_exactly_one_sentence(text: str) -> None:
    found = spans(text)
    position = 0
    for span in found:
        assert not text[position : span.start].strip()
        assert text[span.start : span.end] == text[span.start : span.end].strip() != ""
        position = span.end
    assert not text[position:].strip()


@pytest.mark.parametrize("piece", ["a", ".", "1.", "\n", ".'", "|", "# "], ids=repr)
def test_long_runs_take_linear_time(piece: str) -> None:
    assert len(spans(piece * 100_000)) <= 100_000


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("abcdefgh", 2), ("漢字仮名", 4), ("Привет", 3), ("ab漢", 2)],
    ids=["empty", "one", "latin", "cjk", "cyrillic", "mixed"],
)
def test_tokens_are_estimated_by_script(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


@given(st.text(max_size=80), st.text(max_size=80))
def test_quarters_of_tokens_add_up(left: str, right: str) -> None:
    assert quarter_tokens(left + right) == quarter_tokens(left) + quarter_tokens(right)

import pytest

from chunksmith.ingest.text_layer import STAMP_CHARS, is_good

PROSE = "The kiln dries fired clay at nine hundred degrees and the potter opens the damper slowly. "


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        "12",
        "Chapter One",
        "花崗岩は火成岩の一種で、マグマが地下でゆっくり冷えて固まったものです。",
        "Эта печь сушит глину при температуре девятьсот градусов, и гончар открывает заслонку.",
        "a = 1; b = 2; c = a + b; d = c * 2 - b / a",
        "\uf0b7 One\n\uf0b7 Two\n\uf0b7 Three",
        "XIV XVI XVII XVIII XXIV XXVI XXVII XXVIII kings ruled here",
        "NVMe HTTPS PGSQL are names among words that people have written about other things",
    ],
    ids=["prose", "number", "title", "japanese", "russian", "code", "bullets", "roman", "acronyms"],
)
def test_text_that_can_be_used(text: str) -> None:
    assert is_good(text, covered=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "— • —",
        PROSE + "cl\ufffdy " * 5,
        PROSE + "\ue000\ue001\ue002\ue003\ue004",
        "(cid:12)(cid:34)(cid:56) the (cid:7)",
        "T h e k i l n d r i e s f i r e d c l a y",
        "Wkh nlop gulhv iluhg fodb dw qlqh kxqguhg ghjuhhv dqg wkh srwwhu rshqv wkh gdpshu vorzob".translate(
            str.maketrans("aeiouy", "bfjpvz")
        ),
    ],
    ids=["empty", "blank", "marks", "replaced", "private", "glyphs", "spaced", "shifted"],
)
def test_text_that_means_nothing(text: str) -> None:
    assert not is_good(text, covered=False)


def test_a_stamp_over_a_scan_is_not_the_page() -> None:
    stamp = "Downloaded from the library on Monday. All use is subject to its terms."
    assert len(stamp) < STAMP_CHARS
    assert is_good(stamp, covered=False)
    assert not is_good(stamp, covered=True)


def test_the_text_under_a_scan_counts_when_there_is_enough() -> None:
    assert is_good(PROSE * 5, covered=True)

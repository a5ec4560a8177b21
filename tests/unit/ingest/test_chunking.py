import re
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.corpus import most_overlap
from chunksmith.domain.tokens import estimate_tokens
from chunksmith.errors import InvalidRequest
from chunksmith.ingest.blocks import blocks
from chunksmith.ingest.chunking import ChunkSpan, ChunkSpec, ChunkStrategy, split
from chunksmith.ingest.furniture import furniture_spans, is_furniture, is_silent
from work_count import calls_within

_STRATEGIES: tuple[ChunkStrategy, ...] = get_args(ChunkStrategy)
_MARKDOWN = st.lists(
    st.sampled_from(
        [
            "# Title\n", "## Part\n", "\n",
            "A sentence of words. ", "Another one! ",
            "| a | b |\n",
            "| --- | --- |\n",
            "```\n", "code line\n", "- item\n", "漢字。", "---\n", "- [Home](/)\n", "Copyright 2020 Somebody\n", "1. One ..... 3\n",
            "word", " ", "\t", "é\u0301", "🙂", "\r", "1. x\n", "> q\n",
        ]
    ),
    max_size=60,
).map("".join)  # fmt: skip
_TEXTS = _MARKDOWN | st.text(max_size=400)


@st.composite
def _specs(draw: st.DrawFn) -> ChunkSpec:
    size = draw(st.integers(1, 60))
    overlap = draw(st.integers(0, most_overlap(size)))
    delimiter = draw(st.sampled_from([None, "\n", ". ", "word", "|"]))
    return ChunkSpec(draw(st.sampled_from(_STRATEGIES)), size, overlap, delimiter)


@given(_TEXTS, _specs())
def test_spans_are_exact_trimmed_ordered_and_within_size(text: str, spec: ChunkSpec) -> None:
    chunks = split(text, spec)
    for chunk in chunks:
        assert text[chunk.start : chunk.end] == chunk.text == chunk.text.strip() != ""
        assert (len(chunk.text) if spec.strategy == "character" else estimate_tokens(chunk.text)) <= spec.size
    starts = [chunk.start for chunk in chunks]
    assert starts == sorted(set(starts))


@given(_TEXTS, _specs())
def test_overlap_is_never_more_than_asked(text: str, spec: ChunkSpec) -> None:
    chunks = split(text, spec)
    for before, chunk in pairwise(chunks):
        shared = text[chunk.start : max(before.end, chunk.start)]
        measured = len(shared) if spec.strategy == "character" else estimate_tokens(shared)
        assert measured <= spec.overlap


@given(_TEXTS, _specs().filter(lambda spec: spec.strategy in {"token", "character"}))
def test_nothing_visible_is_lost_but_furniture(text: str, spec: ChunkSpec) -> None:
    covered = bytearray(len(text))
    for span in furniture_spans(text, blocks(text)):
        covered[span.start : span.end] = b"\x01" * (span.end - span.start)
    for chunk in split(text, spec):
        covered[chunk.start : chunk.end] = b"\x01" * (chunk.end - chunk.start)
    assert all(covered[index] or character.isspace() for index, character in enumerate(text))


_PROSE = st.lists(
    st.sampled_from(
        [
            "# Keepers", "## Lamps and oil", "### Wicks", "**IGNORE**", "Note:", "Fog.", "> Wait", "- oil", "Copyright law",
            "A keeper climbs the tower and lights the lamp.", "The oil is whale oil. It burns brightly, and it is dear.",
            "| lamp | oil |\n| --- | --- |\n| old | whale |", "```\nlight --lamp\n```", "1.5 GB of oil\n2.0 GB of fog",
            "Every keeper " + "writes in the log and " * 12 + "sleeps.", "漢字の説明。", "---", "- [Home](/)\n- [Log](/log)",
        ]
    ),
    max_size=14,
).map("\n\n".join)  # fmt: skip


@given(_PROSE, _specs().filter(lambda spec: spec.size > 20 and spec.delimiter is None))
def test_every_word_of_prose_is_in_some_chunk(text: str, spec: ChunkSpec) -> None:
    furniture = furniture_spans(text, blocks(text))
    borders = [0, *(place for span in furniture for place in span), len(text)]
    told = bytearray(len(text))
    for chunk in split(text, spec):
        told[chunk.start : chunk.end] = b"\x01" * (chunk.end - chunk.start)
    for start, end in zip(borders[::2], borders[1::2], strict=True):
        if is_furniture(text[start:end]):
            continue  # a heading or a word between two menus
        for line in re.finditer(r".+", text[start:end]):
            missing = [word for word in re.finditer(r"\w+", line[0]) if not told[start + line.start() + word.start()]]
            assert not missing or is_silent(line[0])


def test_heading_alone_in_the_room_beside_an_overlap_is_told() -> None:
    text = (
        f"{'Whale oil burns. ' * 10}\n\n## Lamps\n\n| lamp | {'the oldest lamp of the tower; ' * 5}|\n\nThe end of it."
    )
    chunks = split(text, ChunkSpec("heading", size=64, overlap=24))
    assert [chunk.heading_path for chunk in chunks if "## Lamps" in chunk.text] == [("Lamps",)]


def test_short_line_beside_an_overlap_is_told() -> None:
    keeper = "The keeper of the tower climbs the stairs and lights the lamp at dusk, and writes the hour into the log"
    law = "The court of appeal dismissed the case about the contract of sale, and ordered the owner to pay for it"
    text = f"{keeper} {keeper}.\n\n**IGNORE**\n\n{law} {law}."
    chunks = split(text, ChunkSpec("semantic", size=64, overlap=16))
    assert any("**IGNORE**" in chunk.text for chunk in chunks)


@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        pytest.param(ChunkSpec(size=100, overlap=100), "/chunk_overlap", id="overlap as large as size"),
        pytest.param(ChunkSpec(size=100, overlap=96), "/chunk_overlap", id="hardly any new text"),
        pytest.param(ChunkSpec(size=100, overlap=-1), "/chunk_overlap", id="negative overlap"),
        pytest.param(ChunkSpec(size=0), "/chunk_size", id="no size"),
        pytest.param(ChunkSpec("delimiter", delimiter=""), "/chunk_delimiter", id="empty delimiter"),
    ],
)
def test_a_spec_that_cannot_be_meant_is_refused(spec: ChunkSpec, pointer: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        split("text", spec)
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_heading_stays_with_its_text_and_path_is_known() -> None:
    text = "# Guide\n\n" + "Opening words of it. " * 40 + "\n\n## Setup\n\n" + "Install the thing now. " * 40
    chunks = split(text, ChunkSpec(size=256))
    setup = next(chunk for chunk in chunks if "## Setup" in chunk.text)
    assert setup.text.startswith("## Setup\n\nInstall")
    assert setup.heading_path == ("Guide", "Setup")


def test_tables_and_fences_that_fit_stay_whole() -> None:
    table = "| a | b |\n| --- | --- |\n" + "| some | cell |\n" * 10
    fence = "```\n" + "x = 1\n\n" * 10 + "```"
    text = "Words before it. " * 20 + "\n\n" + table + "\n" + "Words between. " * 20 + "\n\n" + fence
    chunks = [chunk.text for chunk in split(text, ChunkSpec(size=120))]
    assert any(table.strip() in chunk for chunk in chunks)
    assert any(fence in chunk for chunk in chunks)


def test_large_table_is_cut_between_rows() -> None:
    text = "| a | b |\n| --- | --- |\n" + "| some | cell |\n" * 100
    chunks = split(text, ChunkSpec(size=50))
    assert all(line.startswith("|") and line.endswith("|") for chunk in chunks for line in chunk.text.split("\n"))


def test_prose_is_cut_between_sentences() -> None:
    text = "This is a sentence of nine words, no more. " * 100
    assert all(chunk.text.endswith("more.") for chunk in split(text, ChunkSpec(size=64)))


def test_introduction_goes_with_what_it_introduces() -> None:
    text = (
        "Some words here. " * 12 + "\n\nRun this command:\n\n```\nmake all\nmake install\n```\n\n" + "End of it. " * 10
    )
    chunks = split(text, ChunkSpec(size=57))
    assert any("Run this command:\n\n```\nmake all" in chunk.text for chunk in chunks)


def test_overlap_repeats_whole_sentences() -> None:
    text = " ".join(f"Sentence number {index} stands here." for index in range(60))
    chunks = split(text, ChunkSpec(size=80, overlap=20))
    assert all(chunk.text.startswith("Sentence number") for chunk in chunks)
    assert all(chunk.start < before.end for before, chunk in pairwise(chunks))


@pytest.mark.parametrize("strategy", _STRATEGIES)
def test_a_large_overlap_reaches_over_several_chunks(strategy: ChunkStrategy) -> None:
    text = " ".join(f"Sentence number {index} tells of a lighthouse." for index in range(200))
    size, overlap = (400, 320) if strategy == "character" else (100, 80)
    chunks = split(text, ChunkSpec(strategy, size, overlap))
    shared = [before.end - chunk.start for before, chunk in pairwise(chunks[8:])]
    assert min(shared) >= 0.75 * 320
    assert min(len(chunk.text) for chunk in chunks[8:-1]) >= 0.75 * 400


def test_a_paragraph_that_fills_a_chunk_leaves_its_heading_not_alone() -> None:
    text = "## The discovery of penicillin\n\n" + "Fleming found a mould that killed the bacteria around it. " * 13
    chunks = split(text, ChunkSpec(size=190))
    assert [chunk.text.startswith("## The discovery of penicillin\n\nFleming found") for chunk in chunks] == [
        True,
        False,
    ]


SECTIONS = [
    f"## Bridge {n}\n\nBridge {n} was built in 1932. The ferry was slow, and people had to wait." for n in range(20)
]


def overlaps(chunks: list[ChunkSpan]) -> list[int]:
    """Units: characters that a chunk repeats of the one before."""
    return [before.end - after.start for before, after in pairwise(chunks)]


@pytest.mark.parametrize(
    ("spec", "mark"),
    [
        (ChunkSpec("token", 100, 30), "\n\n"),
        (ChunkSpec("character", 400, 120), "\n\n"),
        (ChunkSpec("delimiter", 100, 30), "\n\n"),
        (ChunkSpec("delimiter", 100, 30, "\n***\n"), "\n***\n"),
    ],
)
def test_what_is_not_cut_at_headings_overlaps_across_them(spec: ChunkSpec, mark: str) -> None:
    assert min(overlaps(split(mark.join(SECTIONS), spec))) > 0


@pytest.mark.parametrize("strategy", ["heading", "semantic"])
def test_what_is_cut_at_headings_repeats_nothing_of_another_section(strategy: ChunkStrategy) -> None:
    chunks = split("\n\n".join(SECTIONS), ChunkSpec(strategy, 40, 15))
    assert all(chunk.text.startswith("## ") for chunk in chunks)


@pytest.mark.parametrize("strategy", _STRATEGIES)
def test_a_text_that_fits_is_one_chunk_whatever_the_overlap(strategy: ChunkStrategy) -> None:
    text = "A lighthouse keeper climbs the tower. " * 8
    assert len(split(text, ChunkSpec(strategy, size=400, overlap=300))) == 1


@pytest.mark.parametrize("strategy", ["heading", "semantic"])
def test_the_smallest_chunks_lose_no_word(strategy: ChunkStrategy) -> None:
    text = "# Keepers\n\nA lighthouse keeper climbs the tower, and lights the lamp at dusk."
    told = "".join(chunk.text for chunk in split(text, ChunkSpec(strategy, size=2)))
    assert told.replace(" ", "").endswith("Alighthousekeeperclimbsthetower,andlightsthelampatdusk.")


def test_semantic_cuts_where_the_subject_changes() -> None:
    cats = "The kitten chased another kitten around the garden fence. Every kitten sleeps near the garden. " * 4
    law = "The court dismissed the appeal about the contract. A contract binds before the court of appeal. " * 4
    chunks = split(cats + law, ChunkSpec("semantic", size=200))
    assert [("kitten" in chunk.text, "court" in chunk.text) for chunk in chunks] == [(True, False), (False, True)]


def test_delimiter_parts_are_merged_up_to_size() -> None:
    chunks = split("one two@@three four@@five six", ChunkSpec("delimiter", size=6, delimiter="@@"))
    assert [chunk.text for chunk in chunks] == ["one two@@three four", "five six"]


@pytest.mark.parametrize(
    "text",
    [
        "# Only a heading",
        "- 12 -",
        "Page 3 of 9",
        "Introduction ........ 1\nPurpose . . . . . . . 2",
        "- [Home](/)\n- [About](/about)\n- [Docs](/docs)",
        "Copyright © 2010 Someone",
        "This page last modified on 2021-11-01",
        "1. One\n1.1. Two\n1.2. Three\n2. Four\n2.1. Five\n2.2. Six",
    ],
    ids=["heading", "page number", "page of", "dot leaders", "menu", "copyright", "modified", "contents"],
)
def test_furniture_does_not_become_a_chunk(text: str) -> None:
    assert is_furniture(text)
    assert split(text, ChunkSpec()) == []


@pytest.mark.parametrize(
    "text",
    [
        "Water boils at 100 degrees.",
        "| a | b |\n| --- | --- |\n| 1 | 2 |",
        "```\nx\n```",
        "東京は日本の首都です。",
        "กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย",
    ],
    ids=["sentence", "table", "code", "japanese", "thai"],
)
def test_content_is_kept(text: str) -> None:
    assert [chunk.text for chunk in split(text, ChunkSpec())] == [text]


_ARTICLE = """\
- [Home](/)
- [About](/about)
- [Docs](/docs)

# The pump

## Table of Contents

1. Introduction ........ 1
2. Maintenance ......... 4

## Introduction

The pump moves water from the well to the tank on the roof.

---

![The pump](pump.png)

It takes a quarter of an hour for that.

## See also

- [The well](/well)
- [The tank](/tank)

## Maintenance

- Grease the bearing every month.
- See [the plan](/plan) for the dates of the year.

Copyright 2020 The Pump Company. All rights reserved.

[Privacy](/x) | [Terms](/y)
"""


@pytest.mark.parametrize("strategy", _STRATEGIES)
@pytest.mark.parametrize("overlap", [0, 8])
@pytest.mark.parametrize("size", [64, 4000])
def test_furniture_beside_prose_is_left_out_whatever_the_strategy(
    strategy: ChunkStrategy, overlap: int, size: int
) -> None:
    told = "\n".join(chunk.text for chunk in split(_ARTICLE, ChunkSpec(strategy, size, overlap)))
    menu, contents, footer = ("Home", "/about"), ("Contents", "....."), ("Copyright", "Privacy", "/y")
    assert [word for word in (*menu, *contents, *footer, "See also", "/tank") if word in told] == []


@pytest.mark.parametrize("strategy", _STRATEGIES)
@pytest.mark.parametrize(
    "line",
    [
        "[![Build](https://ci.example/x.svg)](https://ci) [![Index](https://i.example/y.svg)](https://i) ![Free](z.svg)",
        "[![Build][ci-badge]][ci]\n[![Index][index-badge]][index]",
        "[Back to top](#the-pump)",
        '<p align="right">(<a href="#top">back to top</a>)</p>',
    ],
    ids=["badges", "badges by reference", "link to the top", "link to the top in tags"],
)
def test_row_of_badges_or_a_link_to_the_top_is_left_out(strategy: ChunkStrategy, line: str) -> None:
    text = f"Words of an article stand before it.\n\n{line}\n\nWords of an article stand behind it."
    assert [chunk.text for chunk in split(text, ChunkSpec(strategy, 4000))] == [
        "Words of an article stand before it.", "Words of an article stand behind it."
    ]  # fmt: skip


@pytest.mark.parametrize("strategy", _STRATEGIES)
def test_prose_beside_furniture_is_kept(strategy: ChunkStrategy) -> None:
    told = "\n".join(chunk.text for chunk in split(_ARTICLE, ChunkSpec(strategy, 4000)))
    prose = (
        "to the tank on the roof.\n\n---\n\n![The pump](pump.png)\n\nIt takes",
        "the bearing",
        "See [the plan](/plan)",
    )
    assert [words for words in prose if words not in told] == []


_NOTICES = {
    "owners": "Copyright © 2004, 2010 Ada Lampwright Copyright © 2016, 2019 Bo Fogg (Deutsch) Copyright © 2020 Cy Reed",
    "owner in japanese": "製作著作 © 2004, 2010 Ada Lampwright 製作著作 © 2016, 2019 Bo Fogg (日本語訳)",
    "reserved in german": "Alle Rechte vorbehalten.",
    "license": "This manual may be used under the terms of the GNU General\nPublic License version 3 or higher.",
    "license in german": "Dieses Handbuch darf unter den Bedingungen der GPL genutzt werden. Der Lizenztext liegt bei.",
    "license in french": "Ce document est distribué sous licence Creative Commons BY-SA 4.0.",
    "license in japanese": "この文書は GNU General Public License バージョン 3 に従って配布されています。ライセンス文は付属しています。",
}


@pytest.mark.parametrize("strategy", _STRATEGIES)
@pytest.mark.parametrize("notice", _NOTICES.values(), ids=_NOTICES)
def test_notice_of_rights_is_left_out_with_its_title(strategy: ChunkStrategy, notice: str) -> None:
    text = f"The keeper lights the lamp at dusk.\n\n## Legal Notice\n\n{notice}\n\n## Oil\n\nThe lamp burns whale oil."
    told = [chunk.text for chunk in split(text, ChunkSpec(strategy, 4000))]
    assert told == ["The keeper lights the lamp at dusk.", "## Oil\n\nThe lamp burns whale oil."]


_POINTERS = (
    '[3] See the Manual of Lamps, 2.4 "Wicks".',
    "[4] A. Lampwright. Fog and Oil. Journal of Towers, vol. 3, pp. 12-19, 1887.",
    "[5] https://towers.example/oil",
    "[^6]: Siehe auch Handbuch der Lampen, Abschnitt 8.",
    "^[7] Alternatively: readelf -d liblamp.so | grep OIL",
)


@pytest.mark.parametrize("strategy", _STRATEGIES)
def test_end_notes_that_only_point_elsewhere_are_left_out(strategy: ChunkStrategy) -> None:
    text = "\n\n".join(["The keeper lights the lamp at dusk.[3]", *_POINTERS])
    assert [chunk.text for chunk in split(text, ChunkSpec(strategy, 4000))] == [text.split("\n")[0]]


@pytest.mark.parametrize("strategy", _STRATEGIES)
@pytest.mark.parametrize(
    "line",
    [
        "[1] The lamp was lit with whale oil until 1887.\n\n[2] See the log. The keeper wrote it by hand.",
        "^[1] The third digit is dropped to make it easier to sort lamps: 1.3 << 1.4\n\n^[2] The fourth digit is kept to "
        "make it harder to mix them: 1.3.1 << 1.3.2",
        "[1] Seed oil was burnt before.\n\n[2] Seed oil smokes more than whale oil.",
        "[1] Open the valve\n[2] Close the lid\n[3] Light the lamp",
        "(a) Open the valve\n(b) Close the lid\n(c) Light the lamp",
        "This document explains the GNU General Public License to the keepers of towers.",
        "Das Urheberrecht schützt Werke, aber nicht die Ideen, die ihnen zugrunde liegen.",
        "Copyright protects works, but not the ideas that the works are built upon.",
        "Last updated records are written to the log before anything else happens to them, and read from it.",
        "- [The well](/well) gives forty litres a minute.\n- [The tank](/tank) holds a thousand litres.",
        "- [The cache is emptied once every hour.](/cache)\n- [The log is kept for thirty days.](/log)",
        "Name: ________\nPlace: ________",
        "1.5 GB of memory\n2.0 GB of disk\n1.2 GB of swap\n3.1 GB of logs\n4.4 GB of cache",
        "I waited....",
        "[The pump is greased once a month by the keeper.](#grease)",
        "![The pump](pump.png) ![The well](well.png)",
    ],
    ids=[
        "notes",
        "notes without a stop",
        "notes of seed",
        "numbered steps",
        "lettered steps",
        "of a license",
        "of rights",
        "copyright",
        "last updated",
        "links that say",
        "sentences as links",
        "form",
        "measures",
        "ellipsis",
        "sentence as a link within",
        "pictures",
    ],
)
def test_what_only_looks_like_furniture_is_kept(strategy: ChunkStrategy, line: str) -> None:
    text = f"Words of an article stand before it.\n\n{line}\n\nWords of an article stand behind it."
    assert [chunk.text for chunk in split(text, ChunkSpec(strategy, 4000))] == [text]


def test_front_matter_is_left_out() -> None:
    assert [chunk.text for chunk in split("---\ntitle: x\n---\n\nThe body of it.", ChunkSpec())] == ["The body of it."]


@pytest.mark.parametrize("strategy", _STRATEGIES)
def test_text_between_rules_is_no_front_matter(strategy: ChunkStrategy) -> None:
    text = "---\n\nNote: the keeper lights the lamp.\n\n---\n\nThe body of it."
    assert [chunk.text for chunk in split(text, ChunkSpec(strategy))] == [text]


@pytest.mark.parametrize("strategy", _STRATEGIES)
@pytest.mark.parametrize("piece", ["a", "漢", "# a\n", "- a\n", ". ", "a.\n\n"], ids=repr)
def test_long_runs_are_work_in_proportion_to_their_length(strategy: ChunkStrategy, piece: str) -> None:
    spec = ChunkSpec(strategy, 200, 20)
    assert all(estimate_tokens(chunk.text) <= 200 for chunk in split(piece * 4_000, spec))
    once = calls_within(lambda: split(piece * 1_000, spec))
    assert calls_within(lambda: split(piece * 4_000, spec)) <= 4.4 * once

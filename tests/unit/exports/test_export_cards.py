"""Flash cards, imported by Anki's own package."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from anki.collection import (
    Collection,
    ImportAnkiPackageOptions,
    ImportAnkiPackageRequest,
    ImportCsvRequest,
)
from anki.notes import Note
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import MODES, Mode
from chunksmith.exports.cards import as_html, card, guid
from chunksmith.exports.columns import rows
from export_parts import CONTROLS, HARD, entries, entry, header, saved, written

LATER = "2026-11-21T10:00:00.000Z"


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    opened = Collection(str(tmp_path / "collection.anki2"))
    yield opened
    opened.close()


def import_package(collection: Collection, path: Path) -> None:
    request = ImportAnkiPackageRequest(package_path=str(path), options=ImportAnkiPackageOptions())
    collection.import_anki_package(request)


def import_text(collection: Collection, path: Path) -> None:
    metadata = collection.get_csv_metadata(path=str(path), delimiter=None)
    collection.import_csv(ImportCsvRequest(path=str(path), metadata=metadata))


def notes(collection: Collection) -> dict[str, Note]:
    found = (collection.get_note(number) for number in collection.find_notes(""))
    return {note.guid: note for note in found}


def shown(field: str) -> str:
    """As a browser shows it."""
    return html.unescape(field.replace("<br>", "\n"))


def as_shown(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("mode", MODES)
def test_a_package_imports_with_two_sides_to_each_card(mode: Mode, collection: Collection, tmp_path: Path) -> None:
    made = entries(mode)
    head = header(mode, made)
    import_package(collection, saved(tmp_path / "a.apkg", written("anki", head, made)))
    found = notes(collection)
    assert (len(found), collection.card_count()) == (len(made), len(made))
    for one in made:
        note = found[guid(head.dataset_id, one.public_id)]
        front, back = {
            "instruction following": (f"{one.instruction}\n\n{one.input}", one.output),
            "question": (one.question, one.passage),
            "answer": (one.passage, one.answer),
            "summarization": (one.passage, f"{one.summary}\n\n- {(one.key_points or [''])[0]}\n- second"),
        }.get(mode, (one.question, one.answer))
        assert (shown(note["Front"]), shown(note["Back"])) == (as_shown(str(front)), as_shown(str(back)))
        assert shown(note["Evidence"]) == as_shown(one.evidence[0].quote)
        assert note["Entry"] == one.public_id
        answer = note.cards()[0].answer()
        assert note["Evidence"] in answer
        assert "<script>" not in answer


def test_a_second_import_updates_the_cards(collection: Collection, tmp_path: Path) -> None:
    made = entries("default")
    head = header("default", made)
    import_package(collection, saved(tmp_path / "a.apkg", written("anki", head, made)))
    edited = [replace(one, answer="corrected", revision=2) if one.number == 3 else one for one in made]
    again = replace(head, updated_at=LATER)
    import_package(collection, saved(tmp_path / "b.apkg", written("anki", again, edited)))
    found = notes(collection)
    assert len(found) == len(made)
    assert found[guid(head.dataset_id, "entry_3")]["Back"] == "corrected"


def test_the_deck_has_the_name_of_the_dataset(collection: Collection, tmp_path: Path) -> None:
    made = entries("default")
    named = header("default", made, name='Kilns::fired "hot"\n')
    import_package(collection, saved(tmp_path / "a.apkg", written("anki", named, made)))
    assert "Kilns:fired 'hot'" in [deck.name for deck in collection.decks.all_names_and_ids()]


@pytest.mark.parametrize("form", ["anki", "anki-text"])
def test_category_and_document_are_tags(form: str, collection: Collection, tmp_path: Path) -> None:
    made = [entry(1, "default", "big kilns::x", "train")]
    path = saved(tmp_path / ("a.apkg" if form == "anki" else "a.txt"), written(form, header("default", made), made))
    (import_package if form == "anki" else import_text)(collection, path)
    (note,) = notes(collection).values()
    tags = ["category::category_big_kilns:x", "difficulty::beginner", "document::big_kilns:x.pdf", "split::train"]
    assert note.tags == tags


@pytest.mark.parametrize("mode", MODES)
def test_text_imports_as_it_is_and_again(mode: Mode, collection: Collection, tmp_path: Path) -> None:
    made = entries(mode)
    head = header(mode, made)
    import_text(collection, saved(tmp_path / "a.txt", written("anki-text", head, made)))
    first = notes(collection)
    assert set(first) == {guid(head.dataset_id, one.public_id) for one in made}
    for row in rows(made, head, passages=True):
        made_card = card(row, head)
        note = first[made_card.guid]
        assert shown(note["Front"]) == shown(made_card.front)
        assert shown(note["Back"]).startswith(shown(made_card.back))
        assert made_card.evidence in note["Back"].replace("\t", "&#9;")
    edited = [replace(one, **_changed(one)) for one in made]
    import_text(collection, saved(tmp_path / "b.txt", written("anki-text", head, edited)))
    second = notes(collection)
    assert set(second) == set(first)
    assert all("corrected" in note["Front"] + note["Back"] for note in second.values())


def _changed(one: Entry) -> dict[str, str]:
    main = ("output", "summary", "answer", "question")
    return {next(name for name in main if getattr(one, name) is not None): "corrected"}


def test_control_characters_are_shown_as_pictures(collection: Collection, tmp_path: Path) -> None:
    made = [entry(1, "default", CONTROLS, None)]
    import_package(collection, saved(tmp_path / "a.apkg", written("anki", header("default", made), made)))
    (note,) = notes(collection).values()
    assert note["Back"] == "answer nul ␀ unit ␟ bell ␇"


def test_a_guid_belongs_to_a_dataset_and_an_entry() -> None:
    made = {guid("a", "entry_1"), guid("a", "entry_2"), guid("b", "entry_1")}
    assert len(made) == 3
    assert all(re.fullmatch("[a-z2-7]{24}", one) for one in made)


@given(st.text())
def test_html_shows_the_text_and_has_no_markup(text: str) -> None:
    made = as_html(text)
    assert not re.search(r"<(?!br>)|[\t\n\r\x00-\x08]", made)
    assert shown(made).replace("\ufffd", "") == as_shown(text).translate(
        {code: chr(0x2400 + code) for code in range(32) if code not in (9, 10)} | {127: "\u2421", 0xFFFD: None}
    )


@pytest.mark.parametrize("text", HARD.values(), ids=HARD)
def test_a_line_of_text_stays_one_line(text: str) -> None:
    made = [entry(1, "default", text, None)]
    content = written("anki-text", header("default", made), made).decode()
    assert len(content.splitlines()) == len(content.split("\n")) - 1
    assert content.split("\n")[7].count("\t") == 3

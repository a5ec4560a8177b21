from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.cli import files
from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.files import Source
from chunksmith.ingest.parsers.detect import _BY_SUFFIX


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names_of(found: files.Found) -> list[str]:
    return [source.path.name for source in found.files]


def test_folders_are_searched_to_the_bottom_in_the_order_of_names(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "a.md", "sub/deep/c.pdf")

    assert names_of(files.find([tmp_path])) == ["a.md", "b.txt", "c.pdf"]


def test_hidden_files_and_folders_are_left_out_and_counted(tmp_path: Path) -> None:
    write(tmp_path, "a.md", ".secret.md", ".git/b.md")

    found = files.find([tmp_path])

    assert (names_of(found), found.hidden) == (["a.md"], 2)


def test_files_of_other_kinds_are_left_out_of_folders_with_a_note(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "photo.PNG", "LICENSE")

    found = files.find([tmp_path])

    assert found.skipped == Counter({".png": 1, "without ending": 1})
    assert ".png (1)" in found.notes()[0]


def test_links_out_of_a_folder_are_left_out_of_it_with_a_note(tmp_path: Path) -> None:
    write(tmp_path, "inside/a.md", "outside/secret.md")
    link = tmp_path / "inside" / "b.md"
    link.symlink_to(tmp_path / "outside" / "secret.md")

    found = files.find([tmp_path / "inside"])

    assert (names_of(found), found.links) == (["a.md"], [link])
    assert str(link) in found.notes()[0]


def test_linked_folders_outside_are_left_out_with_a_note(tmp_path: Path) -> None:
    write(tmp_path, "inside/a.md", "outside/secret.md")
    link = tmp_path / "inside" / "more"
    link.symlink_to(tmp_path / "outside")

    found = files.find([tmp_path / "inside"])

    assert (names_of(found), found.links) == (["a.md"], [link])


def test_links_within_a_folder_are_followed(tmp_path: Path) -> None:
    write(tmp_path, ".store/a.md")
    (tmp_path / "b.md").symlink_to(tmp_path / ".store" / "a.md")

    assert names_of(files.find([tmp_path])) == ["b.md"]


def test_a_link_that_is_named_is_followed(tmp_path: Path) -> None:
    write(tmp_path, "outside/a.md", "outside/deep/b.md")
    (tmp_path / "file.md").symlink_to(tmp_path / "outside" / "a.md")
    (tmp_path / "folder").symlink_to(tmp_path / "outside" / "deep")

    assert names_of(files.find([tmp_path / "file.md", tmp_path / "folder"])) == ["file.md", "b.md"]


def test_a_link_that_is_named_beside_its_folder_is_sent(tmp_path: Path) -> None:
    write(tmp_path, "inside/a.md", "outside/b.md")
    link = tmp_path / "inside" / "b.md"
    link.symlink_to(tmp_path / "outside" / "b.md")

    found = files.find([tmp_path / "inside", link])

    assert (names_of(found), found.links) == (["a.md", "b.md"], [])


def test_pictures_are_sent_where_a_model_reads_them(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "photo.PNG", "scan.tif", "film.mp4")

    assert names_of(files.find([tmp_path], pictures=True)) == ["a.md", "photo.PNG", "scan.tif"]


def test_a_file_that_is_named_is_taken_whatever_its_ending(tmp_path: Path) -> None:
    write(tmp_path, "notes.log", ".hidden.txt")

    assert names_of(files.find([tmp_path / "notes.log", tmp_path / ".hidden.txt"])) == ["notes.log", ".hidden.txt"]


def test_a_file_named_twice_is_sent_once(tmp_path: Path) -> None:
    write(tmp_path, "a.md")

    assert names_of(files.find([tmp_path / "a.md", tmp_path])) == ["a.md"]


@pytest.mark.parametrize("missing", ["nothing.txt", "empty"], ids=["no such file", "folder without documents"])
def test_nothing_to_send_is_wrong_usage(tmp_path: Path, missing: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(Failure) as caught:
        files.find([tmp_path / missing])

    assert caught.value.code is ExitCode.INVALID


def test_the_endings_are_those_that_the_server_reads() -> None:
    assert _BY_SUFFIX.keys() == files.SUFFIXES


@given(st.lists(st.integers(0, 50)), st.integers(1, 5), st.integers(1, 60))
def test_batches_keep_order_and_stay_within_limits(sizes: list[int], most: int, most_bytes: int) -> None:
    sources = [Source(Path(str(place)), size) for place, size in enumerate(sizes)]

    batches = list(files.batches(sources, most, most_bytes))

    assert [source for batch in batches for source in batch] == sources
    assert all(0 < len(batch) <= most for batch in batches)
    assert all(len(batch) == 1 or sum(source.size_bytes for source in batch) <= most_bytes for batch in batches)


def test_what_is_read_again_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    moved: list[int] = []
    with files.Counted(path, moved.append) as stream:
        stream.read(6)
        stream.seek(0)
        assert stream.read() == b"0123456789"

    assert sum(moved) == 10


def test_a_name_that_is_not_text_can_be_sent() -> None:
    assert files.sent_name(Path("caf\udce9.txt")) == "caf\N{REPLACEMENT CHARACTER}.txt"


def test_a_name_is_sent_without_control_characters() -> None:
    assert files.sent_name(Path("new\n\tline.md")) == "newline.md"

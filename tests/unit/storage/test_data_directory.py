"""The data directory: its lock, its borders, its uploaded files."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.corpus import Project, StoredUpload
from chunksmith.errors import InvalidRequest, StorageError, TooLarge
from chunksmith.storage.files import UploadStore, inside, lock
from corpus_parts import NOW, Corpus, in_pieces, open_corpus

LOCKER = """
import sys
from pathlib import Path
from chunksmith.storage.files import lock
with lock(Path(sys.argv[1])):
    pass
"""


def lock_elsewhere(data_dir: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", LOCKER, str(data_dir)], capture_output=True, text=True, check=False)


def test_a_second_process_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    with lock(tmp_path):
        second = lock_elsewhere(tmp_path)
    assert f"is in use by process {os.getpid()}" in second.stderr


def test_the_directory_is_free_after_the_first_process(tmp_path: Path) -> None:
    with lock(tmp_path):
        pass
    assert lock_elsewhere(tmp_path).returncode == 0


def test_a_new_directory_is_private(tmp_path: Path) -> None:
    with lock(tmp_path / "data"):
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file/data cannot be used"), lock(tmp_path / "file" / "data"):
        pass


@pytest.mark.parametrize("relative", ["..", "a/../../b", "/etc/passwd", "", "a\x00b", "..\\b", "link/x", "link"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, relative: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(InvalidRequest):
        inside(root, relative)


@pytest.mark.parametrize("relative", [".", "a", "a/b.txt", "./a", "inner/x"])
def test_paths_inside_are_given(tmp_path: Path, relative: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "inner").symlink_to(tmp_path / "a")
    assert inside(tmp_path, relative) == tmp_path / relative


@given(st.text(alphabet="./ab\\\x00~", max_size=12))
def test_no_path_escapes(relative: str) -> None:
    root = Path("/nonexistent/root")
    try:
        found = inside(root, relative)
    except InvalidRequest:
        return
    assert found.resolve().is_relative_to(root)


async def receive(store: UploadStore, data: bytes, limit: int = 10_000) -> StoredUpload:
    return await store.receive("a.txt", in_pieces(data), limit)


def files_in(data_dir: Path) -> list[Path]:
    return [path for path in (data_dir / "uploads").rglob("*") if path.is_file()]


async def test_a_kept_file_has_its_bytes_and_their_hash(corpus: Corpus) -> None:
    stored = await receive(corpus.files, b"hello" * 1000)
    await corpus.files.keep([stored])
    await corpus.files.settle([stored])
    assert corpus.files.path(stored.stored_path).read_bytes() == b"hello" * 1000
    assert files_in(corpus.data_dir) == [corpus.files.path(stored.stored_path)]
    assert (stored.size_bytes, stored.sha256[:8]) == (5000, "d036eecd")


async def test_a_file_over_the_limit_is_cut_off_and_removed(corpus: Corpus) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000

    with pytest.raises(TooLarge, match="over the limit of 5000 bytes"):
        await corpus.files.receive("a.txt", endless(), 5000)
    assert files_in(corpus.data_dir) == []


async def test_a_file_of_exactly_the_limit_is_taken(corpus: Corpus) -> None:
    assert (await receive(corpus.files, b"x" * 5000, 5000)).size_bytes == 5000


async def test_files_that_were_being_received_go_at_the_next_start(tmp_path: Path) -> None:
    async with open_corpus(tmp_path / "data") as corpus:
        await receive(corpus.files, b"half")
    async with open_corpus(tmp_path / "data") as corpus:
        await corpus.purging.recover()
        assert files_in(corpus.data_dir) == []


@pytest.mark.parametrize("committed", [True, False], ids=["after the commit", "before the commit"])
async def test_a_kill_around_the_commit_leaves_row_and_file_or_neither(tmp_path: Path, committed: bool) -> None:
    async with open_corpus(tmp_path / "data") as corpus:
        project = await corpus.project()
        stored = await receive(corpus.files, b"text")
        await corpus.files.keep([stored])
        if committed:
            await corpus.document_rows.add_uploads(project.id, [stored], NOW)
    async with open_corpus(tmp_path / "data") as corpus:
        await corpus.purging.recover()
        expected = [corpus.files.path(stored.stored_path)] if committed else []
        assert files_in(corpus.data_dir) == expected


@pytest.mark.parametrize("folder", ["datasets", "uploads", ".", "datasets/.", "../x"])
async def test_only_folders_of_datasets_are_removed(corpus: Corpus, project: Project, folder: str) -> None:
    with pytest.raises((StorageError, InvalidRequest)):
        await corpus.files.remove_folder(folder)
    assert (corpus.data_dir / "datasets").is_dir()

"""What the services of projects, documents, chunks, prompts and keys need from storage."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from chunksmith.domain.corpus import (
    Chunk,
    Document,
    DocumentStatus,
    FailedDocument,
    ImportedChunk,
    ImportResult,
    NewChunk,
    ParsedText,
    ProcessOptions,
    Project,
    ProjectCounts,
    StoredUpload,
)
from chunksmith.domain.keys import ApiKey, ValidKey
from chunksmith.domain.paging import Page, Window
from chunksmith.domain.prompts import Prompt, PromptDraft

Statement = tuple[str, Sequence[Any]]


class Projects(Protocol):
    async def create(self, uuid: str, name: str, description: str, at: str) -> Project: ...

    async def by_id(self, project: int) -> Project | None: ...

    async def by_uuid(self, uuid: str) -> Project | None: ...

    async def by_name(self, name: str) -> list[Project]:
        """Names are not unique; oldest first, at most a few."""
        ...

    async def page(self, window: Window, name: str | None) -> Page[Project]: ...

    async def counts(self, projects: Sequence[Project]) -> dict[int, ProjectCounts]: ...

    async def update(self, project: int, name: str | None, description: str | None, at: str) -> Project:
        """None leaves a field as it is. Errors: NotFound."""
        ...

    async def hide(self, project: int, at: str) -> None:
        """The beginning of a deletion. Errors: NotFound; Conflict while a job or an import of it is not over."""
        ...


class Documents(Protocol):
    async def add_uploads(self, project: int, files: Sequence[StoredUpload], at: str) -> list[Document]:
        """All or none. Errors: NotFound when the project has gone."""
        ...

    async def twins(self, documents: Sequence[Document]) -> dict[int, Document]:
        """For each of ``documents`` whose content the project had before: the first that had it."""
        ...

    async def get(self, document: int) -> Document | None: ...

    async def page(self, project: int, window: Window, status: DocumentStatus | None) -> Page[Document]: ...

    async def pending(self, project: int, after: int, limit: int) -> list[int]:
        """Ids of documents that are uploaded or parsed, but not chunked, in order."""
        ...

    async def failed(self, project: int, chosen: Sequence[int] | None, limit: int) -> Page[FailedDocument]:
        """Those that could not be read and have no chunks; of ``chosen`` where it is given. In order of their ids."""
        ...

    async def unread_bytes(self, project: int) -> int:
        """Of the files that are uploaded but not chunked."""
        ...

    async def unknown(self, project: int, documents: Sequence[int]) -> list[int]:
        """Those of ``documents`` that the project does not have."""
        ...

    async def imported(self, documents: Sequence[int]) -> list[int]:
        """Those of ``documents`` that have no file to process."""
        ...

    async def known_paths(self, paths: Sequence[str]) -> dict[str, bool]:
        """For each stored path whether there is a document of it."""
        ...

    async def text(self, document: int) -> str | None: ...

    async def slice_of_text(self, document: int, start: int, length: int) -> str | None:
        """``length`` characters from ``start``; fewer at the end; None when there is no text."""
        ...

    async def save_text(self, document: int, parsed: ParsedText, parsing_model: str, at: str) -> bool:
        """Keep the text; chunks of an earlier one are hidden. False when the document has gone."""
        ...

    async def replace_chunks(
        self, document: int, chunks: Sequence[NewChunk], options: ProcessOptions, at: str, also: Sequence[Statement]
    ) -> bool:
        """Hide the chunks that are there, show ``chunks``, run ``also``: at once.

        False when the document has gone; ``also`` is then not run either.
        """
        ...

    async def fail(self, document: int, kind: str, detail: str, at: str, also: Sequence[Statement]) -> None:
        """Record why processing failed. A document that has chunks from before keeps them and its status."""
        ...

    async def hide(self, document: int, at: str) -> Document | None:
        """The beginning of a deletion; gives what was there. Errors: Conflict while chunks are being added to it."""
        ...


class Chunks(Protocol):
    async def get(self, chunk: int) -> Chunk | None: ...

    async def of_project(self, project: int, window: Window) -> Page[Chunk]:
        """By id. Errors: InvalidRequest for a cursor of another list."""
        ...

    async def of_document(self, document: int, window: Window) -> Page[Chunk]:
        """By place in the document. Errors: InvalidRequest for a cursor of another list."""
        ...

    async def hide(self, chunk: int, at: str) -> bool: ...


class ChunkSource(Protocol):
    """What jobs read of the corpus."""

    async def visible_chunk_ids(
        self, project: int, after: int, limit: int, documents: Sequence[int] | None = None
    ) -> list[int]: ...

    async def has_chunks(self, project: int, documents: Sequence[int] | None = None) -> bool: ...

    async def count_chunks(self, project: int, documents: Sequence[int] | None = None) -> int: ...

    async def spread(self, project: int, count: int, documents: Sequence[int] | None = None) -> list[int]:
        """At most ``count`` ids, about evenly over the whole."""
        ...

    async def has_named_chunks(self, project: int) -> bool:
        """Whether any chunk belongs to a document."""
        ...

    async def chunks_by_ids(self, ids: Sequence[int]) -> dict[int, Chunk]:
        """Deleted ones too, as long as anything may rest on them."""
        ...


class Imports(Protocol):
    """Chunks arrive in slices and are invisible until ``finish``; ``close`` in any case."""

    async def open(self, project: int, at: str) -> int:
        """Errors: NotFound when the project has gone."""
        ...

    async def add(self, import_id: int, chunks: Sequence[ImportedChunk], at: str) -> list[ImportedChunk]:
        """Store a slice; gives those whose external id is taken, and then stores nothing."""
        ...

    async def finish(self, import_id: int, at: str) -> ImportResult: ...

    def close(self, import_id: int) -> None:
        """From now on an import that was not finished counts as abandoned."""
        ...

    async def abandoned(self) -> list[int]: ...

    async def discard_slice(self, import_id: int) -> bool:
        """Remove some rows of an import that will not be finished, at last the import itself. True: there is more."""
        ...


class StoredFile(NamedTuple):
    document_id: int
    stored_path: str | None


class PurgeSteps(Protocol):
    """Steps of deletions that have begun; each is short, and may be repeated after a crash."""

    async def hidden_documents(self) -> list[StoredFile]: ...

    async def purge_document_slice(self, document: int, at: str) -> bool:
        """True: there is more."""
        ...

    async def hidden_projects(self) -> list[int]: ...

    async def files_of_project(self, project: int, after: int) -> list[StoredFile]:
        """Some documents of the project that have files, by id."""
        ...

    async def folders_of_project(self, project: int) -> list[str]: ...

    async def purge_project_slice(self, project: int) -> bool:
        """True: there is more."""
        ...


class UploadFiles(Protocol):
    """Files as they are received: outside the project until they are kept."""

    async def receive(self, name: str, pieces: AsyncIterator[bytes], limit_bytes: int) -> StoredUpload:
        """Errors: TooLarge, with nothing left behind; StorageError when the disk does not take it."""
        ...

    async def keep(self, files: Sequence[StoredUpload]) -> None:
        """Move them to their places; a crash before ``settle`` lets ``recover`` decide by the table."""
        ...

    async def settle(self, files: Sequence[StoredUpload]) -> None: ...

    async def discard(self, files: Sequence[StoredUpload]) -> None: ...

    async def unsettled(self) -> list[str]:
        """Stored paths that were being kept when the process ended; what was only being received is removed."""
        ...

    async def settle_paths(self, known: Mapping[str, bool]) -> None:
        """For each unsettled path whether a document has it; files that none has are removed."""
        ...

    def path(self, stored_path: str) -> Path: ...

    async def remove(self, stored_path: str) -> None: ...

    async def remove_folder(self, folder: str) -> None:
        """A dataset's folder, with what is in it. Never one that holds others' data."""
        ...


class Prompts(Protocol):
    async def add(self, draft: PromptDraft, at: str) -> Prompt:
        """Errors: Conflict when the name is taken."""
        ...

    async def get(self, prompt: int) -> Prompt | None: ...

    async def by_name(self, name: str) -> Prompt | None: ...

    async def page(self, limit: int, offset: int, mode: str | None) -> tuple[list[Prompt], int]: ...

    async def change(self, prompt: int, fields: Mapping[str, str | None], at: str) -> Prompt:
        """Only the named fields. Errors: NotFound; Conflict when the name is taken."""
        ...

    async def delete(self, prompt: int) -> bool: ...


class Keys(Protocol):
    async def add(self, name: str, prefix: str, sha256: str, at: str) -> ApiKey:
        """Errors: Conflict when a valid key has the name."""
        ...

    async def all(self) -> list[ApiKey]: ...

    async def revoke(self, key: int, at: str) -> bool: ...

    async def valid(self) -> list[ValidKey]: ...

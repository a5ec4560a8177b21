"""Documents: how their files come in, what is in them, how they go."""

import contextlib
import unicodedata
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from chunksmith.domain.corpus import Document, DocumentStatus, Project, StoredUpload
from chunksmith.domain.corpus_ports import Documents, StoredFile, UploadFiles
from chunksmith.domain.paging import LARGEST, Page, Window
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import AppError, Conflict, InvalidRequest, NotFound
from chunksmith.services.identifiers import row_number
from chunksmith.services.purging import Purging
from chunksmith.settings import UploadSettings

LONGEST_NAME = 255
NAMELESS = "document"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """``warnings`` name files whose content the project had before; they are kept all the same."""

    documents: Sequence[Document]
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Content:
    """A part of a document's text: ``start`` and ``end`` are character offsets, as those of chunks are."""

    document: Document
    text: str
    start: int
    end: int


class Upload:
    """One request's files: all of them become documents, or none."""

    def __init__(self, documents: Documents, files: UploadFiles, limits: UploadSettings, clock: Clock) -> None:
        self._documents = documents
        self._store = files
        self._limits = limits
        self._clock = clock
        self._received: list[StoredUpload] = []
        self._uncertain = False

    async def add(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Errors: TooLarge for the file; InvalidRequest for one file too many."""
        if len(self._received) == self._limits.max_files:
            raise InvalidRequest.field("/files", f"at most {self._limits.max_files} files in one request")
        name = display_name(name)
        self._received.append(await self._store.receive(name, pieces, self._limits.max_file_bytes))

    def check_files(self) -> None:
        """Errors: InvalidRequest when there is none."""
        if not self._received:
            raise InvalidRequest.field("/files", "required: at least one file")

    async def keep(self, project: Project) -> Uploaded:
        """Errors: InvalidRequest when there is no file; NotFound when the project has gone."""
        self.check_files()
        await self._store.keep(self._received)
        documents = await self._add_rows(project)
        await self._store.settle(self._received)
        self._received = []
        twins = await self._documents.twins(documents)
        warnings = [
            f"{document.name} has the same content as document {twins[document.id].id} ({twins[document.id].name})"
            for document in documents
            if document.id in twins
        ]
        return Uploaded(documents, warnings)

    async def close(self) -> None:
        """Remove what was not kept. Rows that may or may not be down leave that to ``Purging.recover``."""
        if self._received and not self._uncertain:
            await self._store.discard(self._received)

    async def _add_rows(self, project: Project) -> list[Document]:
        self._uncertain = True
        try:
            return await self._documents.add_uploads(project.id, self._received, rfc3339(self._clock.now()))
        except AppError:
            self._uncertain = False
            raise


class DocumentService:
    def __init__(
        self, documents: Documents, files: UploadFiles, purging: Purging, limits: UploadSettings, clock: Clock
    ) -> None:
        self._documents = documents
        self._files = files
        self._purging = purging
        self._limits = limits
        self._clock = clock

    @contextlib.asynccontextmanager
    async def receiving(self) -> AsyncIterator[Upload]:
        """What was added, but not kept, is removed at the end."""
        upload = Upload(self._documents, self._files, self._limits, self._clock)
        try:
            yield upload
        finally:
            await upload.close()

    async def page(self, project: Project, window: Window, status: DocumentStatus | None = None) -> Page[Document]:
        return await self._documents.page(project.id, window, status)

    async def get(self, identifier: int | str) -> Document:
        """Errors: NotFound."""
        document = await self._documents.get(row_number(identifier, "Document"))
        if document is None:
            raise NotFound("Document", identifier)
        return document

    async def content(self, identifier: int | str, start: int = 0, end: int | None = None) -> Content:
        """``end`` None is the end of the text; beyond it there is nothing more.

        Errors: NotFound; InvalidRequest when start is after end; Conflict when there is no text.
        """
        if end is not None and end < start:
            raise InvalidRequest.field("query/end", f"must not be less than start ({start})")
        document = await self.get(identifier)
        text = await self._documents.slice_of_text(document.id, start, LARGEST if end is None else end - start)
        if text is None:
            raise Conflict(_why_no_text(document))
        start = min(start, document.text_chars or 0)
        return Content(document, text, start, start + len(text))

    async def delete(self, identifier: int | str) -> None:
        """Its chunks are hidden, its file and text removed; entries that rest on it stay.

        Errors: NotFound; Conflict while chunks are being added to it.
        """
        number = row_number(identifier, "Document")
        document = await self._documents.hide(number, rfc3339(self._clock.now()))
        if document is None:
            raise NotFound("Document", identifier)
        await self._purging.purge_document(StoredFile(document.id, document.stored_path))

    async def to_process(self, project: Project, chosen: Sequence[int] | None) -> list[int]:
        """Ids of the documents that a processing job works on: the chosen, or all that have no chunks yet.

        Errors: NotFound naming all that the project does not have; InvalidRequest for imported ones;
        Conflict when nothing waits.
        """
        if chosen is None:
            pending = await self.pending(project)
            if not pending and not (await self.page(project, Window(per_page=1))).total:
                raise Conflict("this project has no documents; upload some first")
            if not pending:
                raise Conflict("no document of this project waits for processing; name document_ids to repeat it")
            return pending
        documents = sorted(set(chosen))
        unknown = await self._documents.unknown(project.id, documents)
        if unknown:
            raise NotFound("Document" if len(unknown) == 1 else "Documents", ", ".join(map(str, unknown)))
        imported = await self._documents.imported(documents)
        if imported:
            listed = ", ".join(map(str, imported))
            raise InvalidRequest.field("/document_ids", f"imported as chunks, there is no file to process: {listed}")
        return documents

    async def pending(self, project: Project) -> list[int]:
        """Uploaded documents without chunks; not those that failed, which are processed again when they are named."""
        found: list[int] = []
        while more := await self._documents.pending(project.id, found[-1] if found else 0, 1000):
            found += more
        return found


def display_name(given: str) -> str:
    """What a client calls a file, fit to be shown: no folders, no control characters, not too long."""
    last = given.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C").strip()
    if shown in ("", ".", ".."):
        return NAMELESS
    stem, dot, suffix = shown.rpartition(".")
    if len(shown) <= LONGEST_NAME or not dot or len(suffix) > 20:
        return shown[:LONGEST_NAME]
    return stem[: LONGEST_NAME - len(suffix) - 1] + dot + suffix


def _why_no_text(document: Document) -> str:
    if document.origin == "import":
        return f"document {document.id} was imported as chunks; there is no text beside them"
    if document.status == "failed":
        return f"document {document.id} could not be parsed: {document.error_detail}"
    return f"document {document.id} is {document.status}; process it first"

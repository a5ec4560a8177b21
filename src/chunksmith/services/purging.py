"""Deletions that outlive the request that began them, and what a killed process left behind."""

import asyncio
import logging

from chunksmith.domain.corpus import project_folder
from chunksmith.domain.corpus_ports import Documents, Imports, PurgeSteps, StoredFile, UploadFiles
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import AppError

log = logging.getLogger(__name__)


class Purging:
    """What is hidden already, is removed here: in slices, again and again until nothing is left.

    ``recover`` once at start, before requests are served; ``run`` as a task of the server; ``wake`` after hiding.
    """

    def __init__(
        self, steps: PurgeSteps, imports: Imports, documents: Documents, files: UploadFiles, clock: Clock
    ) -> None:
        self._steps = steps
        self._imports = imports
        self._documents = documents
        self._files = files
        self._clock = clock
        self._work = asyncio.Event()
        self._work.set()
        self._lock = asyncio.Lock()

    def wake(self) -> None:
        self._work.set()

    async def recover(self) -> None:
        """Decide about the files that were being received or kept when the process ended."""
        paths = await self._files.unsettled()
        if paths:
            await self._files.settle_paths(await self._documents.known_paths(paths))

    async def run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                await self.purge_all()
            except AppError as exc:
                # What is hidden stays hidden; the next deletion, or the next start, tries again.
                log.warning("purge_interrupted", extra={"slug": exc.slug, "detail": exc.detail})

    async def purge_all(self) -> None:
        await self.settle_imports()
        while documents := await self._steps.hidden_documents():
            for document in documents:
                await self.purge_document(document)
        for project in await self._steps.hidden_projects():
            try:
                await self._purge_project(project)
            except AppError as exc:
                # One project whose files cannot be removed must not keep the others.
                log.warning("purge_interrupted", extra={"project": project, "slug": exc.slug, "detail": exc.detail})

    async def settle_imports(self) -> None:
        """Remove what abandoned imports left. A new import waits for it, or its ids might seem taken."""
        async with self._lock:
            for import_id in await self._imports.abandoned():
                while await self._imports.discard_slice(import_id):
                    pass

    async def purge_document(self, document: StoredFile) -> None:
        if document.stored_path is not None:
            await self._files.remove(document.stored_path)
        while await self._steps.purge_document_slice(document.document_id, rfc3339(self._clock.now())):
            pass

    async def _purge_project(self, project: int) -> None:
        """Files before the rows that know where they are."""
        for folder in (*await self._steps.folders_of_project(project), project_folder(project)):
            await self._files.remove_folder(folder)
        after = 0
        while files := await self._steps.files_of_project(project, after):
            for file in files:
                if file.stored_path is not None:
                    await self._files.remove(file.stored_path)
            after = files[-1].document_id
        while await self._steps.purge_project_slice(project):
            pass

"""What is left to do once a version is frozen: entries put back, its content hashed and scored. Shared and resumed."""

import asyncio
import hashlib
import json
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from chunksmith.domain import fault_points
from chunksmith.domain.clock import timestamp
from chunksmith.domain.datasets import Entry
from chunksmith.domain.entry_query import EntryQuery, Position
from chunksmith.domain.ports import Clock
from chunksmith.domain.versions import Frozen, FrozenEntries, Seal, Version, Versions
from chunksmith.errors import AppError
from chunksmith.services.dataset_scoring import score_dataset

log = logging.getLogger(__name__)
PAGE = 1000
# Of the documents that a version rests on, so many are named in its manifest.
DOCUMENTS_NAMED = 1000


class Digest(NamedTuple):
    """``sha256`` is of the entry's canonical JSON: sorted keys, no spaces, UTF-8."""

    entry_id: str
    sha256: str

    @property
    def line(self) -> bytes:
        """What the hash of a version is made of, one after the other."""
        return f"{self.entry_id} {self.sha256}\n".encode()


class Settling:
    """A version is complete when it is frozen; this runs beside the requests that wait for it, and after a restart."""

    def __init__(self, versions: Versions, entries: FrozenEntries, license_: str, clock: Clock) -> None:
        self._versions = versions
        self._entries = entries
        self._license = license_
        self._clock = clock
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def recover(self) -> None:
        """Go on with all that is frozen and not settled: at start, and where a request freezes more than it answers."""
        for version in [*await self._versions.unrestored(), *await self._versions.unsealed()]:
            self._begin(version)

    async def close(self) -> None:
        """Begun again at the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settle(self, version: Version, within_s: float | None = None) -> Version:
        """The version as it is when all is done, or after ``within_s``; the rest is then done without the caller.

        Errors: StorageError.
        """
        if version.restoring or version.content_sha256 is None:
            task = self._begin(version)
            done, _ = await asyncio.wait([task], timeout=within_s)
            for ended in done:
                ended.result()
            return await self._versions.reload(version.id)
        return version

    def _begin(self, version: Version) -> asyncio.Task[None]:
        known = self._tasks.get(version.id)
        if known is None:
            known = self._tasks[version.id] = asyncio.create_task(self._settle(version), name="version-settling")
            known.add_done_callback(lambda _: self._ended(version.id))
        return known

    def _ended(self, version: int) -> None:
        task = self._tasks.pop(version)
        failure = task.exception() if not task.cancelled() else None
        if isinstance(failure, AppError):
            log.warning("version_unsettled", extra={"slug": failure.slug, "detail": failure.detail})

    async def _settle(self, version: Version) -> None:
        while await self._versions.restore_slice(version.id, timestamp(self._clock)):
            fault_points.reached("version_restored_slice")
        if version.content_sha256 is None:
            await self._versions.seal(version.id, await self._seal(version))

    async def _seal(self, version: Version) -> Seal:
        quality = version.quality
        if quality is None and version.settings.get("analyze_quality") and version.entries_count:
            quality = await score_dataset(_Pages(self._entries, version.frozen), version.frozen.dataset)
        content, models, prompts = hashlib.sha256(), Counter[str](), Counter[str]()
        query = EntryQuery()
        while page := await self._entries.page(version.frozen, query, PAGE):
            for digest in await asyncio.to_thread(digests, page):
                content.update(digest.line)
            models.update(model_of(entry, version.settings) for entry in page)
            prompts.update(prompt_of(entry, version.settings) for entry in page)
            query = EntryQuery(after=Position(None, page[-1].number))
        named, total = await self._entries.documents(version.frozen, DOCUMENTS_NAMED)
        facts = {
            "models": dict(sorted(models.items())),
            "prompts": dict(sorted(prompts.items())),
            "documents": named,
            "total_documents": total,
            "license": self._license,
        }
        return Seal(content.hexdigest(), quality, facts)


class _Pages:
    """Entries of a frozen state where those of a dataset are asked for."""

    def __init__(self, entries: FrozenEntries, frozen: Frozen) -> None:
        self._entries = entries
        self._frozen = frozen

    async def page(self, dataset: int, query: EntryQuery, limit: int, offset: int = 0) -> list[Entry]:
        return await self._entries.page(self._frozen, query, limit)


def digests(entries: Sequence[Entry]) -> list[Digest]:
    return [Digest(entry.public_id, _sha256(entry)) for entry in entries]


def _sha256(entry: Entry) -> str:
    """Of all that a version keeps but numbers of rows: a project that moves to another instance gets others."""
    content: dict[str, Any] = entry.texts_given() | {
        "id": entry.public_id,
        "category": entry.category,
        "category_id": entry.category_id,
        "taxonomy_path": entry.taxonomy_path,
        "difficulty": entry.difficulty,
        "quality_score": entry.quality,
        "quality_parts": entry.quality_parts,
        "quality_notes": entry.quality_notes,
        "judge": entry.judge,
        "duplicate_of": entry.duplicate_of,
        "contamination": entry.contamination,
        "evidence": [[one.quote, one.start, one.end, one.match] for one in entry.evidence],
        "split": entry.split,
        "status": entry.status,
        "metadata": entry.metadata,
        "repaired": entry.repaired,
        "document_name": entry.document_name,
        "generated_at": entry.generated_at,
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def model_of(entry: Entry, settings: dict[str, Any]) -> str:
    """Who wrote it, as ``provider/model``."""
    if "provider" in entry.metadata and "model" in entry.metadata:
        return f"{entry.metadata['provider']}/{entry.metadata['model']}"
    return str(settings["generation_model"])


def prompt_of(entry: Entry, settings: dict[str, Any]) -> str:
    """The hash of the template that it was asked for with."""
    return str(entry.metadata.get("prompt_hash", settings["prompt_hash"]))

"""What a taxonomy job does: batches, a call for each, one tree. Every step may be the first after a crash.

Batches are frozen before their units, a unit ends in the transaction that keeps what it found, and the tree is always
made anew from what is kept: after a crash only calls that were in flight are sent again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chunksmith.domain import fault_points
from chunksmith.domain.calls import ChatRequest
from chunksmith.domain.clock import timestamp
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.halts import JobFatal
from chunksmith.domain.job_ports import JobQueue, Units
from chunksmith.domain.jobs import Job, Outcome, OutcomeStatus, Unit
from chunksmith.domain.ports import Clock
from chunksmith.domain.taxonomy import Batch, Category, NewTaxonomy, Node, Taxonomies, TaxonomyWork, Tree
from chunksmith.domain.taxonomy import Taxonomy as StoredTaxonomy
from chunksmith.domain.taxonomy_drafts import derived_ids, identify
from chunksmith.domain.taxonomy_jobs import TaxonomySpec
from chunksmith.errors import Conflict, NoSourceMaterial, NotFound, NothingGenerated, ProviderError, ReplyUnreadable
from chunksmith.gateway.callers import Caller
from chunksmith.gateway.gateway import Gateway
from chunksmith.pipeline.pool import Pool
from chunksmith.pipeline.taxonomy import (
    BATCH_TOKENS,
    Proposal,
    Proposer,
    TaxonomyPrompts,
    extend_request,
    generate_request,
    merge_request,
)
from chunksmith.pipeline.taxonomy_merge import Merger, draft_tree, extended, within_limits
from chunksmith.services.runner import Running
from chunksmith.services.steering import Steering, caller_of, units_in_work
from chunksmith.services.taxonomy_batches import CHUNK_PAGE, CHUNK_TOKENS, extending, packed, sampled
from chunksmith.settings import shipped

KIND = "taxonomy"
PART_PAGE = 100
UNIT_SLICE = 1000
# What the consolidating call is shown of a merged tree.
OUTLINE_MOST = 300
# Another edit may come between reading a taxonomy and writing it; not as often as this.
WRITE_TRIES = 5


def shipped_prompts() -> TaxonomyPrompts:
    """The templates of ``config/prompts``."""
    names = ("generate", "merge", "extend")
    return TaxonomyPrompts(
        **{name: shipped(f"prompts/taxonomy-{name}.md").read_text(encoding="utf-8") for name in names}
    )


@dataclass(frozen=True)
class TaxonomyStores:
    jobs: JobQueue
    units: Units
    chunks: ChunkSource
    taxonomies: Taxonomies
    work: TaxonomyWork


class _Material(NamedTuple):
    """A unit with what it works on; the passages are read when its turn comes."""

    unit: Unit
    batch: Batch

    @property
    def position(self) -> int:
        return self.unit.position


class TaxonomyJob:
    """The work of jobs of the kind ``taxonomy``."""

    def __init__(
        self,
        stores: TaxonomyStores,
        gateway: Gateway,
        prompts: TaxonomyPrompts,
        clock: Clock,
        unit_ended: Callable[[str, str], None] = lambda kind, outcome: None,
    ) -> None:
        self._stores = stores
        self._gateway = gateway
        self._prompts = prompts
        self._clock = clock
        self._unit_ended = unit_ended

    async def __call__(self, running: Running) -> None:
        job = running.job
        spec = TaxonomySpec.model_validate(job.spec)
        self._gateway.reopen(spec.generation_model.provider)
        if not job.counters.units_ready:
            await self._stores.jobs.set_step(job.id, "Choosing passages")
            job = await self._make_units(job, spec)
        caller = caller_of(job, reuse=spec.reuse)
        try:
            await self._ask_all(running, job, spec, caller)
            fault_points.reached("units_down")
            job = await self._stores.jobs.reload(job.id)
            _must_have_found_something(job)
            if spec.task == "extend":
                await self._extend(job, spec)
            else:
                await self._make(job, spec, caller)
            fault_points.reached("finishing_step")
        finally:
            self._gateway.forget(job.id)

    async def _make_units(self, job: Job, spec: TaxonomySpec) -> Job:
        """Batches first: a unit that is there always has its batch, and writing both again changes nothing."""
        if spec.task == "extend":
            await self._add_units(job, await self._extension_batches(spec), last=True)
        elif spec.mode == "fast":
            ids = tuple(await sampled(self._stores.work, spec))
            await self._add_units(job, [Batch(0, ids)] if ids else [], last=True)
        else:
            await self._pack_all(job, spec)
        made = await self._stores.jobs.reload(job.id)
        if not made.counters.units_total:
            raise NoSourceMaterial()
        return made

    async def _pack_all(self, job: Job, spec: TaxonomySpec) -> None:
        """Slice by slice; after a crash it goes on behind the last batch that has its unit."""
        position, after = job.counters.units_total, 0
        if position:
            last = await self._stores.work.batches(job.id, [position - 1])
            after = last[position - 1].chunk_ids[-1]
        ready: list[Batch] = []
        async for batch in packed(self._stores.chunks, spec, position, after):
            ready.append(batch)
            if len(ready) == UNIT_SLICE:
                await self._add_units(job, ready, last=False)
                ready = []
        await self._add_units(job, ready, last=True)

    async def _add_units(self, job: Job, batches: Sequence[Batch], *, last: bool) -> None:
        await self._stores.work.put_batches(job.id, batches)
        sources = [batch.chunk_ids[0] for batch in batches]
        await self._stores.units.add_units(job.id, batches[0].position if batches else 0, sources, last=last)
        fault_points.reached("units_slice")

    async def _extension_batches(self, spec: TaxonomySpec) -> list[Batch]:
        taxonomy = await self._taxonomy(spec)
        ids = await sampled(self._stores.work, spec)
        passages: list[Chunk] = []
        for start in range(0, len(ids), CHUNK_PAGE):
            found = await self._stores.chunks.chunks_by_ids(ids[start : start + CHUNK_PAGE])
            passages += [found[one] for one in ids[start : start + CHUNK_PAGE] if one in found]
        if not passages:
            return []
        return await asyncio.to_thread(extending, Tree(taxonomy.tree), spec, passages)

    async def _ask_all(self, running: Running, job: Job, spec: TaxonomySpec, caller: Caller) -> None:
        proposer = Proposer(self._gateway, caller)
        await self._stores.jobs.set_step(job.id, "Asking for categories")

        async def work(material: _Material) -> None:
            outcome, categories = await self._asked(proposer, material, spec)
            await self._stores.work.end_unit(job.id, material.unit, outcome, categories)
            fault_points.reached("unit_durable")
            self._unit_ended(job.kind, outcome.status)

        async def fetch(after: int, limit: int) -> Sequence[_Material]:
            return await self._material(job.id, after, limit)

        pool = Pool(fetch, work, units_in_work(job.concurrency))
        running.steer(Steering(pool, self._gateway, caller))
        await pool.run()

    async def _material(self, job: int, after: int, limit: int) -> Sequence[_Material]:
        units = await self._stores.units.pending_units(job, after, limit)
        batches = await self._stores.work.batches(job, [unit.position for unit in units])
        return [_Material(unit, batches[unit.position]) for unit in units]

    async def _asked(
        self, proposer: Proposer, material: _Material, spec: TaxonomySpec
    ) -> tuple[Outcome, Sequence[Category]]:
        """Errors: JobFatal, and whatever else halts the job."""
        request, depth = await self._request(material, spec)
        try:
            proposal = await proposer.propose(request, material.position, depth)
        except ProviderError as exc:
            return _failure(exc), ()
        except ReplyUnreadable as exc:
            return Outcome("invalid", "unreadable_reply", exc.detail), ()
        return _outcome(proposal), proposal.categories

    async def _request(self, material: _Material, spec: TaxonomySpec) -> tuple[ChatRequest, int]:
        batch = material.batch
        found = await self._stores.chunks.chunks_by_ids(batch.chunk_ids)
        chunks = [found[one] for one in batch.chunk_ids if one in found]
        # A sample goes into one call, however long its passages are; a batch was packed so that they fit.
        shared = BATCH_TOKENS // max(1, len(chunks))
        each = CHUNK_TOKENS if spec.task == "generate" and spec.mode == "complete" else min(CHUNK_TOKENS, shared)
        if batch.subject is None:
            request = generate_request(self._prompts.generate, spec, chunks, each, material.unit.sample)
            return request, spec.depth
        request = extend_request(self._prompts.extend, spec, batch.subject, chunks, each, material.unit.sample)
        return request, batch.subject.levels

    async def _make(self, job: Job, spec: TaxonomySpec, caller: Caller) -> None:
        """Put the parts together and store the tree; done again after a crash, it gives the same one."""
        await self._stores.jobs.set_step(job.id, "Merging")
        merger, parts = Merger(), 0
        after = -1
        while page := await self._stores.work.parts(job.id, after, PART_PAGE):
            await asyncio.to_thread(_add_all, merger, [part.categories for part in page])
            parts += len(page)
            after = page[-1].position
        categories = merger.categories(spec.category_limits)
        merged_by = "rules"
        if parts > 1 and spec.generation_model.provider != "builtin":
            consolidated = await self._consolidated(job, spec, caller, merger)
            if consolidated:
                categories, merged_by = within_limits(consolidated, spec.category_limits), "model"
        if not categories:
            raise NothingGenerated(f"No categories were found in {job.counters.units_total} batches of passages")
        draft = draft_tree(spec.name, spec.description, categories)
        tree = identify(draft, new_id=derived_ids(spec.taxonomy_uuid))
        made_by = _made_by(job, spec) | {"merged_by": merged_by, "parts": parts}
        new = NewTaxonomy(spec.taxonomy_uuid, spec.project_id, spec.name, spec.description, "generated", tree, made_by)
        await self._stores.taxonomies.keep_generated(new, timestamp(self._clock))

    async def _consolidated(
        self, job: Job, spec: TaxonomySpec, caller: Caller, merger: Merger
    ) -> Sequence[Category] | None:
        """One call over all that was found; None when its answer is of no use: the merged tree stands then.

        Its reply is in the ledger under a place of its own, so that a restart finds it there.
        """
        request = merge_request(self._prompts.merge, spec, merger.outline(OUTLINE_MOST))
        try:
            proposal = await Proposer(self._gateway, caller).propose(request, job.counters.units_total, spec.depth)
        except ProviderError as exc:
            _failure(exc)
            return None
        except ReplyUnreadable:
            return None
        return proposal.categories

    async def _extend(self, job: Job, spec: TaxonomySpec) -> None:
        """Add what was found to the taxonomy as it is now; what is there already is not added again."""
        await self._stores.jobs.set_step(job.id, "Adding categories")
        for _ in range(WRITE_TRIES):
            taxonomy = await self._taxonomy(spec)
            tree = await self._extended(job, spec, taxonomy.tree)
            if tree == taxonomy.tree:
                return
            made_by = {**(taxonomy.made_by or {}), "extended_by": _made_by(job, spec)}
            at = timestamp(self._clock)
            named = (taxonomy.name, taxonomy.description)
            if await self._stores.taxonomies.change(taxonomy, *named, tree, at, made_by) is not None:
                return
        raise Conflict(f"taxonomy {spec.taxonomy_uuid} is being edited all the time; retry the job")

    async def _extended(self, job: Job, spec: TaxonomySpec, root: Node) -> Node:
        found: dict[str, tuple[Category, ...]] = {}
        after = -1
        while page := await self._stores.work.parts(job.id, after, PART_PAGE):
            batches = await self._stores.work.batches(job.id, [part.position for part in page])
            for part in page:
                subject = batches[part.position].subject
                assert subject is not None  # noqa: S101 - every batch of an extension has one
                found[subject.node_id] = part.categories
            after = page[-1].position
        draft = await asyncio.to_thread(extended, root, found, spec.category_limits)
        return identify(draft, root, derived_ids(job.job_id.removeprefix(f"{KIND}-")))

    async def _taxonomy(self, spec: TaxonomySpec) -> StoredTaxonomy:
        """Errors: NotFound when it was deleted."""
        taxonomy = await self._stores.taxonomies.by_uuid(spec.taxonomy_uuid)
        if taxonomy is None:
            raise NotFound("Taxonomy", spec.taxonomy_uuid)
        return taxonomy


def _add_all(merger: Merger, parts: Sequence[Sequence[Category]]) -> None:
    for categories in parts:
        merger.add(categories)


def _outcome(proposal: Proposal) -> Outcome:
    if not proposal.categories:
        return Outcome("rejected", "no_categories", "the model found no category in these passages")
    detail = f"{len(proposal.categories)} categories"
    if not proposal.dropped:
        return Outcome("accepted", None, detail)
    return Outcome("accepted", "partly", f"{detail}; {proposal.dropped} not of the right shape")


def _failure(exc: ProviderError) -> Outcome:
    if exc.kind == "auth" or exc.status == 404:
        raise JobFatal(exc.detail) from exc
    status: OutcomeStatus = "refused" if exc.kind == "refused" else "failed"
    return Outcome(status, exc.kind, exc.detail)


def _must_have_found_something(job: Job) -> None:
    counters = job.counters
    if counters.accepted == 0:
        named = ", ".join(f"{count} {status}" for status, count in counters.outcomes.items() if count)
        raise NothingGenerated(f"No categories were found in {counters.units_total} calls: {named or 'none'}")


def _made_by(job: Job, spec: TaxonomySpec) -> dict[str, object]:
    """How it came about, for the person who looks at it."""
    settings = {
        "task": spec.task,
        "model": str(spec.generation_model),
        "depth": spec.depth,
        "category_limits": list(spec.category_limits),
        "specificity": spec.specificity,
        "domain": spec.domain,
    }
    return {"job_id": job.job_id, **settings, **({"mode": spec.mode} if spec.task == "generate" else {})}

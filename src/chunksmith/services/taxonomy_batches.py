"""Which chunks the units of a taxonomy job work on: decided once, before the first call."""

from collections.abc import AsyncIterator, Sequence

from chunksmith.domain.corpus import Chunk
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.taxonomy import Batch, DocumentSize, Place, Subject, TaxonomyWork, Tree
from chunksmith.domain.taxonomy_jobs import TaxonomySpec
from chunksmith.domain.tokens import estimate_tokens
from chunksmith.pipeline.taxonomy import BATCH_TOKENS
from chunksmith.pipeline.taxonomy_index import TaxonomyIndex

CHUNK_PAGE = 256
# A passage longer than this is cut in the prompt of a batch.
CHUNK_TOKENS = 1200
# An extension reads this many passages for each category, and a passage is for at most so many categories.
PASSAGES_EACH, CATEGORIES_EACH = 8, 3


async def sampled(work: TaxonomyWork, spec: TaxonomySpec) -> list[int]:
    """Ids of at most ``spec.sample_size`` chunks: from every document some, evenly over each."""
    sizes = await work.document_sizes(spec.project_id, spec.document_ids)
    found: list[int] = []
    for size, share in zip(sizes, shares(sizes, spec.sample_size), strict=True):
        offsets = [size.chunks * n // share for n in range(share)]
        found += await work.chunk_ids_at(spec.project_id, size.document_id, offsets)
    return found


def shares(sizes: Sequence[DocumentSize], count: int) -> list[int]:
    """How many of ``count`` chunks each document gives: every document the same, as far as it has them.

    Where there are more documents than that, evenly chosen ones give one each.
    """
    if len(sizes) > count:
        chosen = {len(sizes) * n // count for n in range(count)}
        return [int(n in chosen) for n in range(len(sizes))]
    given = [0] * len(sizes)
    left = min(count, sum(size.chunks for size in sizes))
    while left:
        open_ones = [n for n, size in enumerate(sizes) if given[n] < size.chunks]
        each = max(1, left // len(open_ones))
        for n in open_ones[:left]:
            more = min(each, sizes[n].chunks - given[n], left)
            given[n] += more
            left -= more
    return given


async def packed(chunks: ChunkSource, spec: TaxonomySpec, position: int, after: int) -> AsyncIterator[Batch]:
    """The chunks behind ``after`` in order, as many to a batch as fit into a call; ``position`` is the first batch's.

    Never more in memory than a page of chunks.
    """
    ids: list[int] = []
    filled = 0
    async for chunk in _all(chunks, spec, after):
        size = min(CHUNK_TOKENS, estimate_tokens(chunk.text))
        if ids and filled + size > BATCH_TOKENS:
            yield Batch(position, tuple(ids))
            position, ids, filled = position + 1, [], 0
        ids.append(chunk.id)
        filled += size
    if ids:
        yield Batch(position, tuple(ids))


async def _all(chunks: ChunkSource, spec: TaxonomySpec, after: int) -> AsyncIterator[Chunk]:
    while ids := await chunks.visible_chunk_ids(spec.project_id, after, CHUNK_PAGE, spec.document_ids):
        found = await chunks.chunks_by_ids(ids)
        for chunk_id in ids:
            if chunk_id in found:
                yield found[chunk_id]
        after = ids[-1]


def extending(tree: Tree, spec: TaxonomySpec, passages: Sequence[Chunk]) -> list[Batch]:
    """One batch for each chosen category, with the passages that are most about it; without any, some of all."""
    chosen = [place for node_id in spec.node_ids if (place := tree.place(node_id)) is not None]
    index = TaxonomyIndex(tree, {place.node.id for place in chosen})
    ranked: dict[str, list[tuple[float, int]]] = {place.node.id: [] for place in chosen}
    for chunk in passages:
        heading = " ".join(chunk.heading_path)
        for match in index.relevant(f"{heading}\n{chunk.text}", CATEGORIES_EACH):
            ranked[match.place.node.id].append((-match.score, chunk.id))
    usual = tuple(chunk.id for chunk in passages[:: max(1, len(passages) // PASSAGES_EACH)][:PASSAGES_EACH])
    batches = []
    for position, place in enumerate(chosen):
        best = tuple(chunk_id for _, chunk_id in sorted(ranked[place.node.id])[:PASSAGES_EACH])
        batches.append(Batch(position, best or usual, _subject(tree, place, spec.depth)))
    return batches


def _subject(tree: Tree, place: Place, levels: int) -> Subject:
    node = place.node
    siblings = tuple(sibling.name for sibling in tree.siblings(node.id))
    children = tuple(child.name for child in node.children)
    return Subject(node.id, place.path or (node.name,), node.description, siblings, children, levels)

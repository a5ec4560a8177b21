"""What a job that makes or extends a taxonomy is asked to do."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from chunksmith.domain.calls import ModelRef

TaxonomyMode = Literal["fast", "complete"]
TAXONOMY_MODES: tuple[TaxonomyMode, ...] = ("fast", "complete")
SPECIFICITIES = {"low": 1, "medium": 3, "high": 5}
DEFAULT_DEPTH = DEFAULT_SPECIFICITY = 3
# Categories under one parent, level by level, where a request does not say.
DEFAULT_LIMITS = (8, 6, 5, 4, 4, 3, 3, 3)
MOST_PER_PARENT = 100
DEFAULT_SAMPLE, DEFAULT_EXTENSION_SAMPLE, MOST_SAMPLED = 40, 200, 1000


class TaxonomySpec(BaseModel):
    """One request, frozen when the job is submitted. ``taxonomy_uuid`` is what the job makes, or extends.

    Units: ``depth`` levels, of the whole tree or, in an extension, below each chosen category; ``category_limits``
           categories under one parent, one for each of these levels; ``specificity`` 1…5; ``sample_size`` chunks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Literal["generate", "extend"]
    project_id: int
    taxonomy_uuid: str
    taxonomy_id: int | None = None  # of the one that is extended
    name: str = ""
    description: str = ""
    mode: TaxonomyMode = "fast"
    depth: int = DEFAULT_DEPTH
    category_limits: tuple[int, ...] = DEFAULT_LIMITS[:DEFAULT_DEPTH]
    specificity: int = DEFAULT_SPECIFICITY
    domain: str | None = None
    sample_size: int = DEFAULT_SAMPLE
    document_ids: tuple[int, ...] | None = None
    node_ids: tuple[str, ...] = ()  # that are extended, in the order of the tree
    generation_model: ModelRef
    concurrency: int = 1
    reuse: bool = True
    warnings: tuple[str, ...] = ()

    @property
    def most_categories(self) -> int:
        """How many a tree of these limits can have."""
        total = wide = 1
        for limit in self.category_limits[: self.depth]:
            wide *= limit
            total += wide
        return total - 1


def limits_for(depth: int, given: tuple[int, ...] | None) -> tuple[int, ...]:
    """One limit for each level; what was not given is as usual."""
    chosen = given or ()
    return (*chosen[:depth], *DEFAULT_LIMITS[len(chosen) : depth])

"""Words for scores."""

from typing import Literal

from chunksmith.domain.datasets import HIGH, MEDIUM

Band = Literal["high", "medium", "low"]


def band(score: float) -> Band:
    if score >= HIGH:
        return "high"
    return "medium" if score >= MEDIUM else "low"

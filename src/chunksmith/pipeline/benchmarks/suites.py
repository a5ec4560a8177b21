"""Suites from their files: ``config/benchmarks/<suite>.yaml``."""

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from chunksmith.domain.benchmarks import Suite
from chunksmith.errors import InvalidRequest


def load_suite(path: Path) -> Suite:
    """Errors: InvalidRequest naming what is wrong in the file."""
    try:
        value = yaml.load(path.read_text(encoding="utf-8"), yaml.SafeLoader)  # type: ignore[no-untyped-call]  # no annotations upstream
        return Suite.model_validate(value)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise InvalidRequest.field("/suite", f"{path.name} cannot be read: {exc}") from exc
    except ValidationError as exc:
        told = "; ".join(f"{'/'.join(map(str, one['loc']))}: {one['msg']}" for one in exc.errors()[:5])
        raise InvalidRequest.field("/suite", f"{path.name} is not the description of a suite: {told}") from exc


@lru_cache(maxsize=16)
def suite_in(folder: Path, name: str) -> Suite:
    return load_suite(folder / f"{name}.yaml")

"""Format plugins as a package installer leaves them: a module, and a record of its entry points."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chunksmith.exports.formats import load_plugins

GOOD = """
class Form:
    def describe(self):
        return {"extension": "lst", "media_type": "text/x-list", "description": "Ids"}

    def write(self, rows, sink, dataset):
        for row in rows:
            sink.write((row["id"] + "\\n").encode())
"""
Install = Callable[..., None]


def lay_out(folder: Path, package: str, code: str, **points: str) -> None:
    """``points``: what each format's name leads to, ``module:name``; a dash in a name is written as two underscores."""
    module = package.replace("-", "_")
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    record = folder / f"{module}-2.5.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 2.5\n", encoding="utf-8")
    listed = "".join(f"{name.replace('__', '-')} = {target}\n" for name, target in points.items())
    (record / "entry_points.txt").write_text(f"[chunksmith.formats]\n{listed}", encoding="utf-8")


@contextmanager
def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While packages of ``folder`` can be imported. Forgets them afterwards."""
    before = set(sys.modules)
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
    importlib.invalidate_caches()
    load_plugins()

"""The entries that the README shows are those that `builtin` makes of the sample that it names."""

import json
import re
from pathlib import Path

import pytest

from api_parts import COLUMNS, entries, upload
from app_parts import Server

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLE = ROOT / "src/chunksmith/samples/lighthouses.md"
SHOWN = dict(re.findall(r"^\*\*`([a-z ]+)`\*\*[^\n]*:\n\n```json\n(.*?)```", README, re.DOTALL | re.MULTILINE))


def test_every_mode_is_shown_with_an_entry_of_the_sample() -> None:
    assert set(SHOWN) == set(COLUMNS)
    assert f"made of [one of the shipped samples]({SAMPLE.relative_to(ROOT)})" in README


@pytest.mark.parametrize("mode", COLUMNS)
async def test_a_shown_entry_is_among_those_that_are_made(server: Server, mode: str) -> None:
    project = int((await server.post("projects", {"name": "Lighthouses"}, 201))["id"])
    await upload(server, project, {SAMPLE.name: SAMPLE.read_bytes()})
    body = {"generation_model": "builtin", "generation_mode": mode, "datasets_per_chunk": 5}
    status = await server.generate({"project_id": project, **body})
    made = await entries(server, status["result"]["dataset_id"])
    shown = json.loads(SHOWN[mode])
    assert set(shown) == set(COLUMNS[mode])
    assert shown in [{name: entry[name] for name in shown} for entry in made]

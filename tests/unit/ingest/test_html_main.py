"""The main part of a page, and its title."""

from pathlib import Path

import pytest

from chunksmith.ingest.parsers import parse_file

HELP = "<div id=help><h2>Keyboard shortcuts</h2><p>Press S to search.</p></div>"
FERNS = "<h2>Ferns</h2><p>Ferns are plants without flowers that grow in shade.</p>"


def parsed(folder: Path, body: str, title: str = "Ferns - The Book of Plants") -> str:
    path = folder / "page.html"
    path.write_text(f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>")
    return parse_file(path, "page.html").text


@pytest.mark.parametrize("main", [f"<main>{FERNS}</main>", f"<div role=main>{FERNS}</div>"])
def test_what_stands_around_the_main_part_is_left_out(tmp_path: Path, main: str) -> None:
    text = parsed(tmp_path, f"{HELP}{main}<p>More of our books.</p>")
    assert text == "## Ferns\n\nFerns are plants without flowers that grow in shade."


@pytest.mark.parametrize(
    "main",
    [
        pytest.param("<main><p>Soon.</p></main>", id="hardly anything in it"),
        pytest.param(f"<main>{FERNS}</main><main>{FERNS}</main>", id="two of them"),
        pytest.param(f"<div role=main hidden>{FERNS}</div>", id="hidden"),
    ],
)
def test_a_main_part_that_is_none_hides_nothing(tmp_path: Path, main: str) -> None:
    assert "Press S to search." in parsed(tmp_path, f"{HELP}{main}")


def test_a_heading_that_the_title_repeats_before_the_name_of_the_site_is_the_title(tmp_path: Path) -> None:
    assert parsed(tmp_path, FERNS).startswith("## Ferns")


def test_a_title_that_no_heading_says_stands_above_the_text(tmp_path: Path) -> None:
    assert parsed(tmp_path, FERNS, "Mosses - The Book of Plants").startswith(
        "# Mosses - The Book of Plants\n\n## Ferns"
    )

"""The main part of a page, and its title."""

from pathlib import Path

import pytest

from chunksmith.ingest.parsers import parse_file
from chunksmith.ingest.parsers.html import markdown_from_html

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


@pytest.mark.parametrize(
    "furniture",
    [
        '<div id="siteSub">From Wikipedia, the free encyclopedia</div>',
        '<a class="mw-jump-link" href="#mw-head">Jump to navigation</a>',
        '<div id="jump-to-nav"><a href="#s">Jump to search</a></div>',
        '<div class="printfooter">Retrieved from "https://wiki.example"</div>',
        '<div id="catlinks" class="catlinks"><a href="/c">Categories</a>: <a href="/p">Ports</a></div>',
        '<div id="mw-navigation"><h2>Navigation menu</h2></div>',
        '<div id="p-personal"><h3>Personal tools</h3><ul><li>Not logged in</li></ul></div>',
    ],
)
def test_line_around_the_article_of_a_wiki_is_left_out(furniture: str) -> None:
    assert (
        markdown_from_html(f"<body><p>The tide turns at noon.</p>{furniture}</body>").text == "The tide turns at noon."
    )


@pytest.mark.parametrize("title", ["", "<b>Menu</b><br>"], ids=["bare", "below a word"])
def test_cell_of_links_beside_the_text_of_a_page_is_left_out(title: str) -> None:
    menu = title + "<br>".join(f'<a href="/{name}">{name}</a>' for name in ("Home", "News", "Links"))
    page = f"<table><tr><td>{menu}</td><td><h1>Ostend</h1><p>The tide turns at noon.</p></td></tr></table>"

    assert markdown_from_html(page).text == "# Ostend\n\nThe tide turns at noon."

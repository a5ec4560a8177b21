"""What stands beside the text of a page: menus, advertisements, boxes, comments of readers, references of a wiki."""

import pytest

from chunksmith.ingest.parsers.html import markdown_from_html

_PROSE = "Roses are pruned in late winter, when their buds begin to swell and before the first leaves come out."
_COMMENT = "<div class=comment><b>rosefan</b><p>This helped me with my old climbers!</p></div>"


def _text(body: str) -> str:
    return markdown_from_html(f"<html><body>{body}</body></html>").text


@pytest.mark.parametrize(
    "part",
    [
        '<div class="ad"><p>Buy the best secateurs today!</p></div>',
        '<div class="post ads-banner">Buy secateurs!</div>',
        '<div class="newsletter-signup"><h3>Stay in the loop</h3><p>Get tips by mail.</p></div>',
        "<section class=subscribe><p>Get tips by mail.</p></section>",
        f'<div id="comments"><h3>1 Comment</h3>{_COMMENT}</div>',
        f'<ol class="comment-list"><li>{_COMMENT}</ol>',
        '<div class="author-box"><p>Jane Doe is a gardener.</p></div>',
        '<p class="tags">Tags: <a href=1>roses</a>, <a href=2>pruning</a></p>',
        "<ul class=post-tags><li><a href=1>roses</a></ul>",
        '<div class="share-buttons">Tell your friends</div>',
        '<div id="cookie-banner">We bake cookies.</div>',
        '<div role="dialog">We bake cookies.</div>',
        '<div class="related-posts">When to plant tulips</div>',
        "<div><a href=/>Home</a><a href=/a>About</a><a href=/c>Contact</a></div>",
        "<div><span><a href=/>Home</a></span> | <span><a href=/a>About</a></span> | <span><a href=/c>Us</a></span></div>",
    ],
)
def test_part_beside_the_text_is_left_out(part: str) -> None:
    assert _text(f"<p>{_PROSE}</p>{part}<p>{_PROSE}</p>") == f"{_PROSE}\n\n{_PROSE}"


@pytest.mark.parametrize(
    "part",
    [
        '<p class="tag-description">A tag names a release.</p>',
        '<p class="address">12 Mill Lane</p>',
        '<p class="adsorption">Carbon binds gases.</p>',
        '<p class="cookie-recipe">Mix flour with butter.</p>',
        "<p>See <a href=1>roses</a>, <a href=2>tulips</a> and <a href=3>ferns</a> for more.</p>",
        "<p><a href=1>Roses</a> <a href=2>Ferns</a></p>",
    ],
)
def test_part_whose_name_only_sounds_like_another_is_kept(part: str) -> None:
    assert len(_text(f"<p>{_PROSE}</p>{part}")) > len(_PROSE) + 10


@pytest.mark.parametrize("name", ["comments", "tags", "share", "navigation", "menu", "subscribe"])
@pytest.mark.parametrize("element", ["section", "div class=section"])
def test_section_on_a_subject_is_text(name: str, element: str) -> None:
    section = f"<{element} id={name}><h2>On {name}</h2><p>It begins with two dashes.</p></{element.split()[0]}>"
    assert _text(f"<p>{_PROSE}</p>{section}") == f"{_PROSE}\n\n## On {name}\n\nIt begins with two dashes."


_BOARD = "<a href=1>Anna Berg</a> | <a href=2>Ole Dahl</a> | <a href=3>Kari Lund</a>"
_NAMES = "Anna Berg | Ole Dahl | Kari Lund"


@pytest.mark.parametrize(
    "part",
    [
        f"<h2>The board</h2><p>{_BOARD}</p><h2>Next</h2>",
        f"<h2>The board</h2><div><p>{_BOARD}</p></div><h2>Next</h2>",
        f"<section><h3>The board</h3><p>{_BOARD}</p></section>",
        f"<dl><dt>The board</dt><dd>{_BOARD}</dd><dt>Next</dt></dl>",
        f"<dl><dt>The board</dt><dd><p>{_BOARD}</p></dd></dl>",
        f"<ul><li><p>{_BOARD}</p></ul>",
    ],
)
def test_links_that_are_all_a_heading_has_are_text(part: str) -> None:
    assert _NAMES in _text(f"<p>{_PROSE}</p>{part}<p>{_PROSE}</p>")


def test_links_between_commas_are_a_sentence() -> None:
    names = _BOARD.replace(" |", ",")
    assert _text(f"<p>{_PROSE}</p><p>{names}</p>") == f"{_PROSE}\n\n{_NAMES.replace(' |', ',')}"


def test_links_that_are_all_a_page_has_below_its_title_are_text() -> None:
    assert _text(f"<div><h1>The board</h1><p>{_BOARD}</p></div>") == f"# The board\n\n{_NAMES}"


@pytest.mark.parametrize("page", ["<h1>Roses</h1>{bar}<h2>How</h2>{text}", "<div><h1>Roses</h1>{bar}</div>{text}"])
def test_bar_of_links_below_the_title_of_a_page_is_left_out(page: str) -> None:
    assert "Anna" not in _text(page.format(bar=f"<p>{_BOARD}</p>", text=f"<p>{_PROSE}</p>"))


def test_heading_keeps_its_words_whatever_its_address_is() -> None:
    assert _text(f"<h2 id=navigation>Finding a way</h2><p>{_PROSE}</p>") == f"## Finding a way\n\n{_PROSE}"


def test_comments_that_are_most_of_a_page_are_its_text() -> None:
    page = f"<h1>How are roses pruned?</h1><div class=comments>{_COMMENT * 9}</div>"
    assert _text(page).count("This helped me") == 9


_PAGE = f"<p>{_PROSE}</p>" * 6
_TITLED = "<h2>On it</h2><p>The oldest kind was known in 1994. Another kind followed in the year 2006.</p>"
_KINDS = [
    "ads",
    "advertisement-rules",
    "newsletter-section",
    "tags",
    "author-info",
    "bio-card",
    "related-content",
    "comments",
]


@pytest.mark.parametrize("name", _KINDS)
def test_sentences_below_a_heading_of_their_own_are_text(name: str) -> None:
    assert "known in 1994" in _text(f"{_PAGE}<div class={name}>{_TITLED}</div>")


@pytest.mark.parametrize("name", _KINDS)
def test_long_paragraph_is_text(name: str) -> None:
    long = f"{_PROSE} {_PROSE} {_PROSE}"
    assert _text(f"{_PAGE}<div class={name}><p>{long}</p></div>").endswith(f"\n\n{long}")


def test_long_sentence_below_a_heading_is_text() -> None:
    part = f"<div class=subscription-card><h2>Costs</h2><p>{_PROSE}</p></div>"
    assert _text(f"{_PAGE}{part}").endswith(f"## Costs\n\n{_PROSE}")


def test_sentence_in_tags_is_text() -> None:
    assert _text(f"{_PAGE}<div class=tags-list>A tag names a release.</div>").endswith("A tag names a release.")


def test_chapter_on_comments_with_a_form_is_text() -> None:
    part = f"<div class=comments>{_TITLED}<form><textarea>try it</textarea></form></div>"
    assert "known in 1994" in _text(f"{_PAGE}{part}")


@pytest.mark.parametrize(
    "part",
    [
        f"<div class=newsletter>{_TITLED}<input type=email></div>",
        f"<div class=subscribe>{_TITLED}<form><input></form></div>",
        f"<div class=comments><h3>2 Comments</h3><div class=comment><time>1 May</time>{_TITLED}</div></div>",
        f"<div class=comments><div class=comment><b>Jo</b> March 13, 2024 {_TITLED}</div></div>",
        f"<div class=share-buttons>{_TITLED}</div>",
        f"<div class=related-posts><h3>More</h3>{'<h4><a href=1>Ferns?</a></h4><p>How do ferns live in a wood?</p>' * 2}</div>",
    ],
)
def test_part_that_is_beyond_doubt_is_left_out_with_its_sentences(part: str) -> None:
    assert _text(f"{_PAGE}{part}") == "\n\n".join([_PROSE] * 6)


def test_parts_that_are_together_a_third_of_a_page_are_its_text() -> None:
    parts = "".join(f"<div class={name}><p>{_PROSE}</p></div>" for name in ["sponsored-box", "recent-content", "ads"])
    assert _text(f"{_PAGE}{parts}") == "\n\n".join([_PROSE] * 9)


def test_comments_beyond_doubt_are_left_out_though_they_are_a_third_of_a_page() -> None:
    comment = f"<div class=comment><b>Jo</b> <time>1 May</time><p>{_PROSE}</p></div>"
    assert _text(f"{_PAGE}<div class=comments>{comment * 4}</div>") == "\n\n".join([_PROSE] * 6)


def test_link_that_is_not_shown_hides_no_sentence_of_a_part() -> None:
    part = _TITLED.replace("The", "<a href=1 hidden>link</a>The")
    assert "known in 1994" in _text(f"{_PAGE}<div class=ads>{part}</div>")


def test_page_of_nothing_but_tags_keeps_them() -> None:
    assert _text(f"<h1>Words</h1><div class=tags><p>{_PROSE}</p></div>") == f"# Words\n\n{_PROSE}"


def test_words_of_links_that_touch_are_apart() -> None:
    assert _text("<p>Go to <a href=1>Roses</a><a href=2>Ferns</a> now.</p>") == "Go to Roses Ferns now."


def test_marks_of_references_of_a_wiki_are_left_out() -> None:
    marks = '<sup id="cite_ref-1" class="reference"><a href="#n1">[1]</a></sup><sup>[<i>citation needed</i>]</sup>'
    assert _text(f"<p>Beavers are rodents.{marks} They swim.</p>") == "Beavers are rodents. They swim."


def test_line_that_leads_to_other_articles_of_a_wiki_is_left_out() -> None:
    assert _text(f'<div class="hatnote">For others, see Rose (name).</div><p>{_PROSE}</p>') == _PROSE


@pytest.mark.parametrize(
    "references",
    ["<ol class=references><li>Smith, J. (2010).</ol>", "<div class=reflist><ol><li>Smith, J. (2010).</ol></div>"],
)
def test_references_of_a_wiki_are_left_out_with_their_heading(references: str) -> None:
    page = f"<h2>Roses</h2><p>{_PROSE}</p><h2>References</h2>{references}<h2>Ferns</h2><p>{_PROSE}</p>"
    assert _text(page) == f"## Roses\n\n{_PROSE}\n\n## Ferns\n\n{_PROSE}"


def test_heading_above_references_and_text_is_kept() -> None:
    page = f"<h2>Notes</h2><ol class=references><li>Smith, J. (2010).</ol><p>{_PROSE}</p>"
    assert _text(page) == f"## Notes\n\n{_PROSE}"


def test_deeply_nested_parts_are_read_in_linear_time() -> None:
    deep = 20_000
    assert _text(f"{'<div class=ad>' * deep}<p>{_PROSE}</p>{'</div>' * deep}") == _PROSE

"""From a model's text to categories, from many proposals to one tree, from a text to the categories it is about."""

import json

import pytest

from chunksmith.domain.calls import ModelRef
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.taxonomy import Category, Place, Subject, Tree
from chunksmith.domain.taxonomy_drafts import Draft, identify, read_tree
from chunksmith.domain.taxonomy_jobs import TaxonomySpec, limits_for
from chunksmith.domain.tokens import estimate_tokens
from chunksmith.errors import ReplyUnreadable
from chunksmith.pipeline.taxonomy import clip, extend_request, generate_request, merge_request, read
from chunksmith.pipeline.taxonomy_index import TaxonomyIndex
from chunksmith.pipeline.taxonomy_merge import Merger, draft_tree, extended, within_limits
from chunksmith.services.taxonomy_job import shipped_prompts
from work_count import calls_within

TEMPLATES = shipped_prompts()
DEEP_DOWN = "Here it is about topic 7.3 part 41 in some area or field."


def spec(**fields: object) -> TaxonomySpec:
    values = {"task": "generate", "project_id": 1, "taxonomy_uuid": "u", "generation_model": ModelRef("grok", "m")}
    return TaxonomySpec.model_validate({**values, **fields})


def chunk(text: str, *headings: str) -> Chunk:
    return Chunk(1, 1, None, None, 0, text, None, None, "prose", headings, None, None)


def category(*path: str, description: str = "") -> Category:
    return Category(path, description)


def reply(*paths: list[str]) -> str:
    return json.dumps({"categories": [{"category_path": path, "description": "d"} for path in paths]})


def paths(categories: list[Category]) -> list[tuple[str, ...]]:
    return [one.path for one in categories]


@pytest.mark.parametrize(
    "text",
    [
        reply(["Bread"], ["Bread", "Rye"]),
        "```json\n" + reply(["Bread"], ["Bread", "Rye"]) + "\n```",
        "<think>[1]</think>Here it is: " + reply(["Bread"], ["Bread", "Rye"]) + " I hope it helps.",
        reply(["Bread"], ["Bread", "Rye"])[:-2],
        json.dumps([{"category_path": ["Bread"]}, {"category_path": ["Bread", "Rye"]}]),
        reply([" Bread\x00 "], ["bread "], ["Bread", "bread", "Rye"])
        .replace("\\u0000", "")
        .replace('"Bread", "bread", "Rye"', '"Bread", "Rye"'),
    ],
    ids=["strict", "fenced", "thought", "cut", "bare list", "untidy"],
)
async def test_a_reply_is_read(text: str) -> None:
    categories, _ = await read(text, 3)
    assert paths(categories) == [("Bread",), ("Bread", "Rye")]


async def test_paths_that_are_too_deep_end_where_they_may() -> None:
    categories, _ = await read(reply(["a", "b", "c"], ["a", "b"]), 2)
    assert paths(categories) == [("a", "b")]


async def test_a_category_that_repeats_its_parent_is_the_parent() -> None:
    categories, _ = await read(reply(["Bread", "bread", "Rye"]), 3)
    assert paths(categories) == [("Bread", "Rye")]


async def test_what_has_not_the_shape_is_dropped_and_counted() -> None:
    text = json.dumps({"categories": [{"category_path": ["a"]}, {"category_path": []}, {"name": "b"}, 5]})
    categories, dropped = await read(text, 3)
    assert (paths(categories), dropped) == ([("a",)], 3)


@pytest.mark.parametrize("text", ["Sorry, no.", '{"other": 1}', '{"categories": [{"name": "a"}]}', "{" * 5000])
async def test_a_reply_without_categories_is_unreadable(text: str) -> None:
    with pytest.raises(ReplyUnreadable):
        await read(text, 3)


async def test_an_empty_list_is_an_answer() -> None:
    assert await read('{"categories": []}', 3) == ([], 0)


def test_every_parameter_is_in_the_prompt() -> None:
    passages = [chunk("Rye {depth} bread {limits}", "Baking", "Rye")]
    plain = generate_request(TEMPLATES.generate, spec(), passages, 100).messages[1].text
    assert "Rye {depth} bread {limits}" in plain
    for changes in ({"depth": 2}, {"category_limits": (9, 9, 9)}, {"specificity": 5}, {"domain": "baking"}):
        changed = generate_request(TEMPLATES.generate, spec(**changes), passages, 100).messages[1].text
        assert changed != plain
    assert "baking" in changed


def test_passages_are_fenced_one_by_one() -> None:
    text = generate_request(TEMPLATES.generate, spec(), [chunk("One."), chunk("Two.")], 100).messages[1].text
    assert text.count("<passage ") == text.count("</passage ") == 2


def test_an_extension_shows_the_branch_and_its_neighbours() -> None:
    subject = Subject("id", ("Food", "Bread"), "What is baked.", ("Tea",), ("Rye",), 2)
    request = extend_request(TEMPLATES.extend, spec(task="extend"), subject, [chunk("Spelt is a wheat.")], 100)
    for said in ("Food > Bread", "What is baked.", "Tea", "Rye", "at most 2 levels", "Spelt is a wheat."):
        assert said in request.messages[1].text


def test_limits_that_are_not_given_are_the_usual_ones() -> None:
    assert (limits_for(3, (2,)), limits_for(2, None)) == ((2, 6, 5), (8, 6))


@pytest.mark.parametrize("text", ["word " * 1000, "漢" * 3000, "x" * 9000], ids=["words", "wide", "one word"])
def test_clipping_keeps_about_so_many_tokens(text: str) -> None:
    assert 80 <= estimate_tokens(clip(text, 100)) <= 101


def test_names_that_mean_the_same_are_put_together() -> None:
    merger = Merger()
    merger.add([category("Rye breads"), category("History of science"), category("Fermentation methods")])
    merger.add([category("Rye Bread", "Starters"), category("Science history"), category("Fermentations methods")])
    found = {one.path[0]: support for one, support in merger.outline(100) if len(one.path) == 1}
    assert found == {"Rye breads": 2, "History of science": 2, "Fermentation methods": 2}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C programming language", "C++ programming language"),
        ("Type 1 diabetes mellitus", "Type 2 diabetes mellitus"),
        ("Hypothyroidism", "Hyperthyroidism"),
        ("第一次世界大戦", "第二次世界大戦"),
        ("Class", "Clas"),
    ],
)
def test_names_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    merger = Merger()
    merger.add([category(one), category(other)])
    assert paths(merger.categories((9,))) == [(one,), (other,)]


def test_what_was_found_most_often_comes_first_and_stays_within_the_limits() -> None:
    merger = Merger()
    for names in (["a", "b"], ["b", "c"], ["b", "c"]):
        merger.add([category(name, f"{name} {n}") for name in names for n in range(3)])
    assert paths(merger.categories((2, 1))) == [("b",), ("b", "b 0"), ("c",), ("c", "c 0")]


def test_merging_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chunksmith.pipeline.taxonomy_merge.MOST_KEPT", 300)
    merger = Merger()
    for part in range(40):
        merger.add([category("always", f"below {part} {n}") for n in range(50)])
    assert len(merger.outline(10_000)) <= 350
    assert merger.outline(10_000)[0] == (category("always"), 40)


def test_the_outline_goes_into_the_consolidating_prompt() -> None:
    request = merge_request(TEMPLATES.merge, spec(), [(category("Food", "Bread"), 7)])
    assert "Food > Bread [7]" in request.messages[1].text


def test_a_reply_is_kept_within_the_limits_in_its_order() -> None:
    given = [category("a"), category("a", "x"), category("a", "y"), category("b"), category("c"), category("c", "z")]
    assert paths(within_limits(given, (2, 1))) == [("a",), ("a", "x"), ("b",)]


def test_parents_that_nobody_named_are_in_the_tree() -> None:
    draft = draft_tree("t", "", [category("a", "b", description="B"), category("a", description="A")])
    assert draft == Draft("t", "", (Draft("a", "A", (Draft("b", "B"),)),))


def test_extending_adds_what_is_new_and_leaves_what_is_there() -> None:
    old = identify(Draft("t", "", (Draft("Bread", "", (Draft("Rye"),)), Draft("Tea"))))
    bread = old.children[0]
    found = {bread.id: [category("rye", "Dark"), category("Spelt"), category("Oat"), category("Corn")]}
    new = Tree(identify(extended(old, found, (2, 2)), old))
    assert [place.path for place in new] == [
        ("Bread",),
        ("Bread", "Rye"),
        ("Bread", "Rye", "Dark"),
        ("Bread", "Spelt"),
        ("Bread", "Oat"),
        ("Tea",),
    ]
    assert new.find("Rye")[0].node.id == bread.children[0].id
    assert identify(extended(new.root, {bread.id: found[bread.id][:3]}, (2, 2)), new.root) == new.root


def index_of(raw: object) -> TaxonomyIndex:
    return TaxonomyIndex(Tree(identify(read_tree(raw))))


def best(index: TaxonomyIndex, text: str, limit: int = 1) -> list[tuple[str, ...]]:
    return [match.place.path for match in index.relevant(text, limit)]


FOOD = {
    "name": "Food",
    "children": [
        {"name": "Bread", "children": [{"name": "Rye bread", "description": "Sour starter, dark flour."}]},
        {"name": "Fermentation", "description": "Yeast, bacteria and time."},
        {"name": "Tea", "children": [{"name": "Green tea"}, {"name": "Black tea"}]},
    ],
}
JAPANESE = {
    "name": "知識",
    "children": [
        {"name": "料理", "children": [{"name": "発酵食品", "description": "味噌、醤油、納豆など"}, {"name": "茶"}]},
        {"name": "建築", "children": [{"name": "木造建築"}]},
    ],
}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Bakers of rye bread keep a starter.", ("Bread", "Rye bread")),
        ("The milk was fermented overnight.", ("Fermentation",)),
        ("A cup of green tea", ("Tea", "Green tea")),
    ],
)
def test_a_text_is_about_the_category_whose_words_it_has(text: str, path: tuple[str, ...]) -> None:
    assert best(index_of(FOOD), text) == [path]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("納豆は大豆を発酵させた食品である。", ("料理", "発酵食品")),
        ("この寺は日本最古の木造の建築である。", ("建築", "木造建築")),
        ("彼は茶を飲んだ。", ("料理", "茶")),
    ],
)
def test_a_japanese_text_is_about_a_japanese_category(text: str, path: tuple[str, ...]) -> None:
    assert best(index_of(JAPANESE), text) == [path]


def test_a_text_about_something_else_is_about_no_category() -> None:
    assert best(index_of(FOOD), "Granite is an igneous rock.") == []


def test_only_chosen_branches_are_looked_at() -> None:
    tree = Tree(identify(read_tree(FOOD)))
    (tea,) = tree.select(["Tea"])
    index = TaxonomyIndex(tree, tree.branch_ids([tea.node.id]))
    assert best(index, "rye bread and green tea", 9) == [("Tea", "Green tea"), ("Tea",), ("Tea", "Black tea")]


def index_of_areas(count: int) -> TaxonomyIndex:
    """Areas of ten fields of fifty topics."""
    areas = [
        {
            "name": f"Area {a}",
            "children": [
                {"name": f"Field {a}x{f}", "children": [{"name": f"Topic {a}.{f} part {t}"} for t in range(50)]}
                for f in range(10)
            ],
        }
        for a in range(count)
    ]
    return index_of({"name": "All", "children": areas})


def test_one_of_fifty_siblings_deep_down_is_found_among_thousands() -> None:
    found = index_of_areas(8).relevant(DEEP_DOWN, 5)
    assert (found[0].place.node.name, found[0].place.level) == ("Topic 7.3 part 41", 3)


def test_to_look_among_more_categories_is_work_in_proportion() -> None:
    few, many = index_of_areas(1), index_of_areas(4)
    once = calls_within(lambda: few.relevant(DEEP_DOWN, 5))
    assert calls_within(lambda: many.relevant(DEEP_DOWN, 5)) <= 4.4 * once


def test_equal_matches_are_in_the_order_of_the_tree() -> None:
    places: list[Place] = [
        match.place
        for match in index_of({"name": "t", "children": [{"name": "tea a"}, {"name": "tea b"}]}).relevant("tea", 5)
    ]
    assert [place.node.name for place in places] == ["tea a", "tea b"]

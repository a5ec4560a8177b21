"""What stands beside a passage: what is offered, how it is called, and what rules make of it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.taxonomy import Node, Tree
from chunksmith.pipeline.sources import (
    MOST_BESIDE,
    MOST_OFFERED,
    NOTHING,
    RELEVANT_OFFERED,
    TaxonomyAround,
    extracted_around,
)


def node(name: str, *children: Node, about: str = "") -> Node:
    return Node(f"id {name}".lower(), name, about, children)


def around_of(*children: Node, within: set[str] | None = None) -> TaxonomyAround:
    tree = Tree(node("root", *children))
    return TaxonomyAround(tree, frozenset(within) if within is not None else None)


def test_a_small_taxonomy_is_offered_whole() -> None:
    made = around_of(*(node(f"Category {n}") for n in range(MOST_OFFERED)))
    assert made.is_small
    assert len(made.around("anything").offered) == MOST_OFFERED


def test_of_a_large_one_what_the_passage_is_about_is_offered_in_the_order_of_the_tree() -> None:
    made = around_of(*(node(f"Category {n}") for n in range(300)), node("Rocks", node("Granite"), node("Basalt")))
    paths = [one.path for one in made.around("Basalt and granite are rocks.").offered]
    assert len(paths) == RELEVANT_OFFERED
    assert paths[-3:] == [("Rocks",), ("Rocks", "Granite"), ("Rocks", "Basalt")]


def test_a_passage_that_shares_no_word_is_offered_the_broadest() -> None:
    made = around_of(*(node(f"Group {n}", node(f"Leaf {n}")) for n in range(40)))
    assert {len(one.path) for one in made.around("zzz").offered} == {1}


def test_each_name_beside_is_there_once_and_few_of_many_do_not_crowd_out_others() -> None:
    made = around_of(*(node(f"Wide {n}") for n in range(400)), node("Deep", *(node(f"Rock {n}") for n in range(50))))
    beside = made.around("Deep Rock 7").beside
    names = [name for one in beside for name in one.names]
    assert len(names) == len(set(names)) <= MOST_BESIDE
    offered = {one.name for one in made.around("Deep Rock 7").offered}
    assert {f"Rock {n}" for n in range(50)} <= offered | set(names)


def test_what_a_model_names_is_found_by_alias_name_path_or_id() -> None:
    around = around_of(node("Rocks", node("Granite")), node("C1")).around("")
    found = [around.chosen(said, "", "") for said in ("c2", "C1", "granite", "Rocks > Granite", "id rocks", "c9", "no")]
    assert [one.name if one else None for one in found] == [
        "Granite",
        "Rocks",
        "Granite",
        "Granite",
        "Rocks",
        None,
        None,
    ]


def test_a_model_may_say_that_none_fits_and_rules_do_not_object() -> None:
    around = around_of(node("Rocks", node("Granite")), node("None")).around("")
    assert around.nearest("Granite is a rock.", "") is not None
    assert [around.chosen(said, "Granite is a rock.", "") for said in ("none", " None ")] == [None, None]
    assert around.chosen("c3", "", "") == around.offered[2]


def test_the_entrys_own_words_count_more_than_its_passage() -> None:
    around = around_of(node("Granite"), node("Herons")).around("")
    found = around.nearest("Where do herons hunt?", "Granite lies where herons hunt.")
    assert found is not None
    assert found.name == "Herons"


def test_what_was_extracted_decides_by_what_the_entry_names() -> None:
    found = [("1", ("Food", "Bread"), "rye bread"), (None, ("Tool",), "kiln"), ("1", ("Food", "Bread"), "rye bread")]
    around = extracted_around(found)
    assert [one.path for one in around.offered] == [("Food", "Bread"), ("Tool",)]
    assert len(around.mentions) == 2
    named = [around.nearest(text, "") for text in ("The KILN is hot.", "Rye  bread rises in a kiln.", "Nothing.")]
    assert [one.name for one in named if one] == ["Tool", "Bread", "Bread"]
    assert (around.about("rye bread and kiln"), around.about("nothing")) == (2, 0)


def test_an_entry_whose_quote_was_taken_from_a_portion_is_about_it() -> None:
    around = extracted_around([(None, ("Care",), "The kiln cools slowly. " * 40)])
    assert (around.about("Why?", "The kiln  cools"), around.about("Why?", "Rye"), around.about("Why?")) == (1, 0, 0)
    assert len(around.blocks()["entities"]) < 700


def test_nothing_has_no_blocks() -> None:
    assert NOTHING.blocks() == {}


@given(st.text(min_size=1, max_size=100), st.text(max_size=100))
def test_no_name_can_close_its_fence(name: str, about: str) -> None:
    around = around_of(node("x" + name, about=about)).around("")
    opening, *lines, closing = around.blocks()["taxonomy"].split("\n")
    assert closing == "</" + opening[1:]
    assert [json.loads(line)["id"] for line in lines] == ["c1"]


@given(st.text(max_size=50), st.text(max_size=200), st.text(max_size=200))
def test_whatever_is_said_only_what_is_offered_is_chosen(said: str, text: str, passage: str) -> None:
    around = around_of(node("Rocks", node("Granite")), node("Tea", about="leaves")).around(passage)
    assert around.chosen(said, text, passage) in (*around.offered, None)

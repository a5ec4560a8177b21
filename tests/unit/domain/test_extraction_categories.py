"""The frozen part of a taxonomy: numbers in the order of the tree, so that a branch is a range."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.extraction import Categories, choose, frozen_categories
from chunksmith.domain.taxonomy import Node, Tree
from chunksmith.domain.taxonomy_drafts import Draft, identify
from chunksmith.errors import InvalidRequest


def node(name: str, *children: Node) -> Node:
    return Node(f"id-{name.lower()}", name, f"about {name}", children)


ROOT = node("Nature", node("Animals", node("Birds", node("Heron"), node("Gull")), node("Fish")), node("Rocks"))
ALL = Categories(frozen_categories(Tree(ROOT), None))
drafts = st.recursive(
    st.builds(Draft, st.just("x")),
    lambda below: st.lists(below, max_size=4).map(
        lambda children: Draft("x", "", tuple(Draft(f"n{n}", "", one.children) for n, one in enumerate(children)))
    ),
    max_leaves=25,
)


def test_numbers_follow_the_tree_and_a_branch_is_a_range() -> None:
    assert [(one.number, one.name, one.parent, one.last) for one in ALL] == [
        (1, "Animals", None, 5),
        (2, "Birds", 1, 4),
        (3, "Heron", 2, 3),
        (4, "Gull", 2, 4),
        (5, "Fish", 1, 5),
        (6, "Rocks", None, 6),
    ]


def test_what_stands_above_a_selected_branch_is_kept_but_not_offered() -> None:
    found = Categories(frozen_categories(Tree(ROOT), ["id-birds"]))
    assert [(one.name, one.offered) for one in found] == [
        ("Animals", False),
        ("Birds", True),
        ("Heron", True),
        ("Gull", True),
    ]


def test_the_path_leads_down_from_the_first_level() -> None:
    assert ALL.path(3) == ("Animals", "Birds", "Heron")


@pytest.mark.parametrize("selector", ["birds", "  BIRDS ", "id-birds"], ids=["name", "spaced", "id"])
def test_a_branch_is_found_by_name_or_id(selector: str) -> None:
    assert ALL.branches(selector) == [range(2, 5)]


@given(drafts)
def test_a_branch_has_what_is_below_and_nothing_else(draft: Draft) -> None:
    tree = Tree(identify(draft))
    found = Categories(frozen_categories(tree, None))
    for one in found:
        assert one.category_id is not None
        branch = {found[number].category_id for number in range(one.number, one.last + 1)}
        assert branch == {one.category_id, *(place.node.id for place in tree.descendants(one.category_id))}


@given(drafts)
def test_the_tree_of_the_categories_is_the_one_they_came_from(draft: Draft) -> None:
    tree = Tree(identify(draft))
    found = Categories(frozen_categories(tree, None)).tree()
    assert [place.path for place in found] == [place.path for place in tree]


def test_chosen_names_are_looked_up_in_every_job_of_the_pool() -> None:
    other = Categories(frozen_categories(Tree(node("Zoo", node("Cages"), node("Fish"))), None))
    assert choose({7: ALL, 9: other}, ["fish", "Heron"]) == {7: frozenset({3, 5}), 9: frozenset({2})}


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidRequest, match="unknown category 'Trees'; known: Animals, Birds") as caught:
        choose({7: ALL}, ["Fish", "Trees"])
    assert [fault.pointer for fault in caught.value.faults] == ["/selected_categories/1"]


def test_nothing_chosen_is_no_filter() -> None:
    assert choose({7: ALL}, None) is None

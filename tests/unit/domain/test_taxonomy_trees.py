"""Trees of categories: what is refused, which ids stay, how one finds one's way."""

import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunksmith.domain.taxonomy import MAX_DEPTH, MAX_NODES, Node, Tree, name_key
from chunksmith.domain.taxonomy_drafts import Draft, derived_ids, draft_of, identify, read_tree
from chunksmith.errors import InvalidRequest

Json = dict[str, Any]
ID = "6f1d3c1e-7b2a-4c58-9d55-0a4f5a1f2b3c"


def node(name: str, *children: Json, **more: Any) -> Json:
    return {"name": name, **({"children": list(children)} if children else {}), **more}


def tree(*children: Json) -> Tree:
    return Tree(identify(read_tree(node("root", *children))))


def pointers(raw: Any) -> list[str]:
    with pytest.raises(InvalidRequest) as caught:
        read_tree(raw)
    return [fault.pointer for fault in caught.value.faults]


def chain(levels: int) -> Json:
    below = node(f"level {levels}")
    for level in range(levels - 1, -1, -1):
        below = node(f"level {level}", below)
    return below


def paths(one: Tree) -> list[tuple[str, ...]]:
    return [place.path for place in one]


def test_all_faults_are_named_at_once() -> None:
    raw = node(" ", node("a", node(""), x=1), node("A ", description=5), "b", node("c", id="7"), node("d", children={}))
    assert pointers(raw) == [
        "/taxonomy/name",
        "/taxonomy/children/0/x",
        "/taxonomy/children/0/children/0/name",
        "/taxonomy/children/1/description",
        "/taxonomy/children/1/name",
        "/taxonomy/children/2",
        "/taxonomy/children/3/id",
        "/taxonomy/children/4/children",
    ]


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        ([], "/taxonomy"),
        ({}, "/taxonomy/name"),
        (node("n" * 201), "/taxonomy/name"),
        (node("two\nlines"), "/taxonomy/name"),
        (node("\ud800"), "/taxonomy/name"),
        (node("a", description="x" * 4001), "/taxonomy/description"),
        (node("a", description="\x00"), "/taxonomy/description"),
        (node("a", node("b", id=ID), node("c", id=ID.upper())), "/taxonomy/children/1/id"),
        (node("a", **{"x/y~z": 1}), "/taxonomy/x~1y~0z"),
        (chain(MAX_DEPTH + 1), "/taxonomy" + "/children/0" * MAX_DEPTH + "/children"),
        (node("a", *[node(str(n)) for n in range(MAX_NODES + 1)]), "/taxonomy"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("/") else "",
)
def test_a_tree_that_cannot_be_stored_is_refused(raw: Any, pointer: str) -> None:
    assert pointers(raw) == [pointer]


def test_limits_can_be_reached() -> None:
    assert len(tree(*[node(str(n)) for n in range(MAX_NODES)])) == MAX_NODES
    assert Tree(identify(read_tree(chain(MAX_DEPTH)))).analytics.per_level == (1,) * MAX_DEPTH


def test_a_tree_that_contains_itself_is_refused() -> None:
    loop = node("a")
    loop["children"] = [loop]
    assert pointers(loop) == ["/taxonomy" + "/children/0" * MAX_DEPTH + "/children"]


def test_fifty_siblings_have_fifty_ids() -> None:
    found = tree(*[node(f"category {n}", node("overview")) for n in range(50)])
    assert len({place.node.id for place in found}) == 100
    (chosen,) = found.select(["category 37"])
    assert len(found.siblings(chosen.node.id)) == 49
    assert paths(found.restrict([chosen.node.id])) == [("category 37",), ("category 37", "overview")]


def test_a_renamed_node_keeps_what_is_below_it() -> None:
    old = tree(node("a", node("b", node("c"))))
    (b,) = old.find("b")
    new = identify(read_tree(node("root", node("a", node("new name", node("c"), id=b.node.id)))), old.root)
    assert Tree(new).find("c")[0].node.id == old.find("c")[0].node.id


def test_a_moved_node_keeps_its_id_and_another_at_its_place_gets_a_new_one() -> None:
    old = tree(node("a", node("b")), node("z"))
    (b,) = old.find("b")
    new = Tree(identify(read_tree(node("root", node("a", node("b")), node("z", node("b", id=b.node.id)))), old.root))
    assert [(place.path, place.node.id == b.node.id) for place in new.find("b")] == [
        (("a", "b"), False),
        (("z", "b"), True),
    ]


def test_derived_ids_are_the_same_each_time_and_never_twice() -> None:
    draft = read_tree(node("root", node("a", node("b"))))
    first = identify(draft, new_id=derived_ids(ID))
    assert identify(draft, new_id=derived_ids(ID)) == first
    renamed = identify(Draft("root", children=(Draft("x", id=first.children[0].id),)), first)
    again = Tree(
        identify(Draft("root", children=(draft_of(renamed.children[0]), Draft("a"))), renamed, derived_ids(ID))
    )
    assert len({place.node.id for place in again}) == len(again)


names = st.sampled_from(["a", "b", "C", "東京", "é"])
ids = st.sampled_from([str(uuid.UUID(int=n)) for n in range(4)])


def drafts(*, with_ids: bool) -> st.SearchStrategy[Draft]:
    def level(children: st.SearchStrategy[list[Draft]]) -> st.SearchStrategy[Draft]:
        given_ids = st.none() | ids if with_ids else st.none()
        return st.builds(lambda name, below, i: Draft(name, "", tuple(below), i), names, children, given_ids)

    def some(inner: st.SearchStrategy[Draft]) -> st.SearchStrategy[list[Draft]]:
        return st.lists(inner, max_size=3, unique_by=lambda draft: name_key(draft.name))

    return level(some(level(some(level(st.just([]))))))


def _flat(draft: Draft, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Draft]]:
    below = [found for child in draft.children for found in _flat(child, (*path, name_key(child.name)))]
    return [(path, draft), *below]


def _ids_by_path(root: Node) -> dict[tuple[str, ...], str]:
    return {tuple(map(name_key, place.path)): place.node.id for place in Tree(root)} | {(): root.id}


@settings(max_examples=200)
@given(drafts(with_ids=False), drafts(with_ids=True))
def test_ids_are_stable_under_any_edit(before: Draft, edit: Draft) -> None:
    given_ids = [draft.id for _, draft in _flat(edit) if draft.id]
    if len(set(given_ids)) < len(given_ids):
        return
    old = identify(before)
    new = identify(edit, old)
    known, found = _ids_by_path(old), _ids_by_path(new)
    assert len(set(found.values())) == len(found)
    for path, draft in _flat(edit):
        if draft.id is not None:
            assert found[path] == draft.id
        elif path in known and known[path] not in given_ids:
            assert found[path] == known[path]


@settings(max_examples=50)
@given(drafts(with_ids=False))
def test_what_is_written_back_as_it_was_read_changes_nothing(before: Draft) -> None:
    old = identify(before)
    assert identify(draft_of(old), old) == old == identify(before, old)


def test_unknown_categories_are_refused_with_the_known_ones() -> None:
    found = tree(*[node(f"c{n}") for n in range(60)])
    with pytest.raises(InvalidRequest) as caught:
        found.select(["c1", "nowhere", ""])
    assert [fault.pointer for fault in caught.value.faults] == ["/selected_categories/1", "/selected_categories/2"]
    assert caught.value.faults[0].detail.startswith("unknown category 'nowhere'; known: c0, c1, ")
    assert caught.value.faults[0].detail.endswith("c49 and 10 more")


def test_a_name_selects_all_categories_that_have_it_and_an_id_one() -> None:
    found = tree(node("Bread", node("Basics")), node("Tea", node("basics")))
    assert [place.path for place in found.find(" BASICS ")] == [("Bread", "Basics"), ("Tea", "basics")]
    assert found.find(found.find("Tea")[0].node.id)[0].path == ("Tea",)
    assert found.find("root") == []


def test_restricting_keeps_the_way_to_a_branch_and_all_below_it() -> None:
    found = tree(node("a", node("b", node("c")), node("d")), node("e"))
    (b,) = found.select(["b"])
    assert paths(found.restrict([b.node.id])) == [("a",), ("a", "b"), ("a", "b", "c")]
    assert [place.path for place in found.descendants(b.node.id)] == [("a", "b", "c")]


def test_the_root_stands_for_everything() -> None:
    found = tree(node("a"), node("b"))
    assert paths(found.restrict([found.root.id])) == [("a",), ("b",)]
    assert found.parent(found.root.id) is None


def test_a_japanese_taxonomy_is_found_by_its_names() -> None:
    found = tree(node("料理", node("発酵食品", node("味噌"))), node("建築"))
    assert found.select(["味噌"])[0].path == ("料理", "発酵食品", "味噌")
    assert found.analytics.per_level == (2, 1, 1)

"""The taxonomy that is made without a model: headings first, then key phrases."""

from typing import Any

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate

KILN = (
    "A kiln dries fired clay. The potter opens the damper. Glaze recipes need silica. A kiln of brick holds heat. "
    "Some glaze recipes need ash, and other glaze recipes need copper."
)
TEA = "味噌は発酵食品である。発酵食品は保存できる。味噌は大豆から作る。"


def made(
    sections: list[tuple[list[str], str]], depth: int = 3, limits: tuple[int, ...] = (8, 6, 5), **more: Any
) -> Any:
    context = {
        "sections": [{"headings": headings, "text": text} for headings, text in sections],
        "depth": depth,
        "limits": list(limits),
        **more,
    }
    return generate(Task("taxonomy", "", 100, 0, context))


def paths(items: Any) -> list[tuple[str, ...]]:
    return [tuple(item["category_path"]) for item in items]


def test_headings_become_categories_without_their_numbers_and_marks() -> None:
    found = paths(made([(["1. Pottery", "1.2 **Kilns**"], "A kiln."), (["1. Pottery", "Glazes"], "A glaze.")]))
    assert found == [("Pottery",), ("Pottery", "Kilns"), ("Pottery", "Glazes")]


def test_key_phrases_stand_below_headings() -> None:
    found = paths(made([(["Pottery"], KILN)], depth=2))
    assert found[:2] == [("Pottery",), ("Pottery", "Glaze recipes")]


def test_without_headings_key_phrases_are_the_first_level() -> None:
    assert paths(made([([], KILN)], depth=1))[0] == ("Glaze recipes",)


def test_descriptions_are_sentences_of_the_text() -> None:
    (pottery, *_) = [item for item in made([([], KILN)]) if item["category_path"] == ["Glaze recipes"]]
    assert pottery["description"] == "Glaze recipes need silica."


def test_a_japanese_text_gives_japanese_names() -> None:
    assert ("発酵食品",) in paths(made([([], TEA)]))


def test_limits_and_depth_are_kept() -> None:
    sections = [([f"Area {n}", f"Field {m}", "Topic"], KILN) for n in range(9) for m in range(9)]
    found = paths(made(sections, 2, (3, 2)))
    assert [len([one for one in found if len(one) == level]) for level in (1, 2, 3)] == [3, 6, 0]


def test_what_is_taken_is_not_proposed_again() -> None:
    assert ("Glaze recipes",) not in paths(made([([], KILN)], taken=["glaze recipes"]))


def test_nothing_comes_of_nothing() -> None:
    assert made([([], "")]) == []


def test_the_same_sections_always_give_the_same() -> None:
    sections = [(["Pottery"], KILN), ([], TEA)]
    assert made(sections) == made(sections)

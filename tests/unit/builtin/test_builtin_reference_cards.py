"""Commands of a reference card, emphasis that an answer cuts, and blanks in other sentences."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.questions import readings_of
from chunksmith.providers.builtin.remaining import remaining


def asked(text: str, *headings: str) -> dict[str, str]:
    return {item.question: item.answer for item in remaining(readings_of(sentences(text, headings)))}


def test_an_order_below_a_command_says_what_it_does() -> None:
    found = asked("pkg list -a package-name\n\nShow versions and areas of available packages.", "Packages")
    assert found['What does "pkg list -a package-name" do?'] == "Show versions and areas of available packages"


def test_each_order_of_a_line_goes_with_the_command_before_it() -> None:
    found = asked("cat files Print files to the screen. rmdir dirs Remove empty directories.", "Commands")
    assert found == {
        'What does "cat files" do?': "Print files to the screen",
        'What does "rmdir dirs" do?': "Remove empty directories",
    }


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("how to install it\n\nShow versions and areas of available packages.", id="no command above"),
        pytest.param("editor files Default text editor for all users.", id="no order"),
        pytest.param("pkg show -a package-name\n\nShow package information incl. the description.", id="cut short"),
        pytest.param("Packages:\n\nShow versions and areas of available packages.", id="a title"),
    ],
)
def test_nothing_else_is_a_command(text: str) -> None:
    assert not any(question.endswith('" do?') for question in asked(text, "Packages"))


def test_an_answer_keeps_its_emphasis_whole() -> None:
    (sentence,) = sentences("When invoked as `pkg show` *package*, the program will show details for *package*.")
    end = sentence.text.index(",")
    assert sentence.original(0, end) == "When invoked as `pkg show` *package*"


def test_a_star_that_is_a_word_needs_no_other() -> None:
    (sentence,) = sentences("You need to set up the rc* symlinks of the harbour by hand.")
    assert sentence.original(sentence.text.index("rc"), len(sentence.text) - 1) == "rc* symlinks of the harbour by hand"


def test_a_word_of_one_answer_may_be_blanked_out_in_another_sentence() -> None:
    text = (
        "The bug title should be in the form `RM:` *package [architecture list]* `--` *reason*, where *package* is the "
        "package to be removed and *reason* is a short summary of the reason for the removal request. *[architecture "
        "list]* is optional and only needed if the removal request only applies to some architectures, not all. Note "
        "that the `reportbug` will create a title conforming to these rules when you use it to report a bug.\n\n"
        "If you want to remove a package you maintain, you should note this in the bug title by prepending `ROM`."
    )
    items = generate(Task("default", text, 3, context={"headings": ["Removing packages"]}))
    assert [item["kind"] for item in items] == ["condition", "cloze"]

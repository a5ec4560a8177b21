"""Cloze items of the last rank: runs of sentences, for a passage that gives fewer than two entries."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.blanks.runs import run_clozes
from chunksmith.providers.builtin.examples import of_examples
from chunksmith.providers.builtin.generator import Item, generate
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.questions import readings_of


def filled(text: str, *headings: str) -> dict[str, str]:
    """Statement with its gap, as it is asked for: the answer."""
    prose = sentences(text, headings)
    return {item.question: item.answer for item in run_clozes(readings_of(prose), of_examples(prose))}


def items(text: str, *headings: str, count: int = 3) -> list[Item]:
    return generate(Task("default", text, count, context={"headings": list(headings)}))


ASKED = [
    pytest.param(
        "The announcements give maintainers and other interested parties a better feel of what is going on.",
        ("New packages",),
        'Regarding new packages, which word completes this statement: "The _____ give maintainers and other interested '
        'parties a better feel of what is going on"?',
        "announcements",
        id="its subject",
    ),
    pytest.param(
        "perl - Perl is one of the most used scripting languages, often referred to as Unix's Swiss Army Chainsaw.",
        (),
        'Regarding perl, which words complete this statement: "Perl is one of the most used scripting languages, '
        'often referred to as _____"?',
        "Unix's Swiss Army Chainsaw",
        id="behind a label, several words",
    ),
    pytest.param(
        "The final recovery step is to reduce the lock. Once this happens, the database is back in the state that "
        "it would have been if the aborted transaction had never started.",
        (),
        'Which word completes this statement: "The final recovery step is to reduce the lock. Once this happens, the '
        'database is back in the state that it would have been if the aborted _____ had never started"?',
        "transaction",
        id="behind the sentence before",
    ),
    pytest.param(
        "If you want to remove a package you maintain, you should note this in the bug title by prepending `ROM`.",
        ("Managing Packages", "Removing packages"),
        'When removing packages, which word completes this statement: "If you want to remove a package you maintain, '
        'you should note this in the bug title by prepending `_____`"?',
        "ROM",
        id="under its heading",
    ),
    pytest.param(
        "# Template fields\n\n## Type\n\n### note\n\nRather than being a question, this datatype indicates a note that can "
        "be displayed to the user.",
        (),
        'Regarding "Template fields: Type: note", which word completes this statement: "Rather than being a question, this datatype '
        'indicates a note that can be displayed to the _____"?',
        "user",
        id="under a path of headings that are no phrase",
    ),
    pytest.param(
        "**xTokenize:**\n\nThis function is expected to cut the byte string into the words of the query.",
        ("Custom Tokenizers",),
        'Regarding xTokenize, which word completes this statement: "This function is expected to cut the byte string '
        'into the words of the _____"?',
        "query",
        id="below a line that names it",
    ),
    pytest.param(
        "However, it is very common for the WHERE clause of a partial index to be a simple expression.",
        (),
        'Which word completes this statement: "It is very common for the _____ clause of a partial index to be a '
        'simple expression"?',
        "WHERE",
        id="without its connector",
    ),
    pytest.param(
        "Usually only a subset of the pages in the lighthouse log are read.",
        (),
        'Which word completes this statement: "Usually only a _____ of the pages in the lighthouse log are read"?',
        "subset",
        id="with its hedge",
    ),
]


@pytest.mark.parametrize(("text", "headings", "question", "answer"), ASKED)
def test_a_run_is_filled_in(text: str, headings: tuple[str, ...], question: str, answer: str) -> None:
    assert filled(text, *headings).get(question) == answer


@pytest.mark.parametrize(
    "text",
    [
        "It lets the rest of the maintainers know more about the package than the usual entry of the changelog.",
        "This pragma is deprecated and exists for backwards compatibility with the older keepers only.",
        "These provisions must take into account the storage and reference of all manual pages of the system.",
        "Packages that are uploaded there go through the hands of the release manager of the project.",
        "As described in the previous section, the keeper writes the number of the ships into the log.",
        "The final query in the block above returns the name of the keeper of the tower.",
        'The "columnsize" option, used to configure whether the size of each value is stored in the table.',
        "A sequence number assigned to each index for internal tracking purposes of the harbour office.",
        "Like the select data type, except the user can choose any number of items from the choices list.",
        "Should preserve the entire building and portability infrastructure provided by the upstream author.",
        "When passed the right argument, it tries to catch other useless packages of the archive.",
        "You can mark yourself as on vacation in the The Developers Database of the project.",
    ],
    ids=[
        "a pronoun",
        "a demonstrative",
        "a plural demonstrative",
        "a place elsewhere",
        "a section",
        "what stands above",
        "a fragment with a participle",
        "a noun phrase",
        "an exception",
        "no subject",
        "a participle without subject",
        "a word twice",
    ],
)
def test_what_cannot_be_printed_alone_is_not_filled_in(text: str) -> None:
    assert filled(text) == {}


def test_the_lines_of_a_reference_card_are_not_filled_in() -> None:
    assert filled("apt install names\n\nInstall packages from repositories with all dependencies.", "APT") == {}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Neither of the keepers of the tower repairs the lamp of the pilots, and vice versa.", "versa"),
        ("There is an old Latin saying in the tower: Longum iter est per praecepta.", "Longum"),
        ("Some keepers do uploads of other maintainers' packages before the winter.", "maintainers"),
        ("Some keepers count the pages of the log, as many pages wait in the harbour.", "wait"),
        ("Some towers have a clockwork, and the keeper winds the clockwork of the tower.", "clockwork"),
        ("The first keeper of the towers explains the scope of a document on lamps.", "document"),
    ],
    ids=["half a phrase", "a first word", "a possessive", "a verb", "printed twice", "a word for the page"],
)
def test_no_gap_is_made_of(text: str, answer: str) -> None:
    assert answer not in filled(text).values()


def test_facts_of_an_example_come_last() -> None:
    text = (
        "For example, the package `acmefoo` breaks the tower library of Hull in the winter. "
        "Keepers of old towers have stored the repaired library in the harbour catalogue."
    )
    best = next(iter(filled(text)))
    assert "acmefoo" not in best


THIN = (
    "Democracy doesn't work well if people don't take part in the vote, which is why we encourage all keepers to vote. "
    "Nor does this detail the standards to which the harbour must comply."
)


def test_a_thin_passage_gives_two_entries() -> None:
    found = items(THIN, "Harbour rules")
    assert len(found) == 2


def test_answers_and_quotes_stand_in_the_passage() -> None:
    assert all(str(item["answer"]) in THIN and str(item["quote"]) in THIN for item in items(THIN, "Harbour rules"))


def test_the_answers_of_one_passage_differ() -> None:
    answers = [item["answer"] for item in items(THIN, "Harbour rules")]
    assert len(set(answers)) == len(answers)


def test_a_passage_that_is_hardly_prose_is_not_filled_in_from_runs() -> None:
    table = "\n".join(f"| lamp {number} | burner {number} | oil | brass |" for number in range(12))
    found = items(f"{THIN}\n\n{table}\n{table}", "Harbour rules")
    assert [item for item in found if item["kind"] == "cloze"] == []

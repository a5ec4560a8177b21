"""The grammar of questions, sentence by sentence: what is asked, what is answered, what is left alone."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.questions import candidates, readings_of

EXPECTED = [
    (
        "A lichen is an organism that joins a fungus and an alga.",
        "What is a lichen?",
        "an organism that joins a fungus and an alga",
    ),
    ("Lichens are organisms that grow on rock.", "What are lichens?", "organisms that grow on rock"),
    ("The kernel stores recent blocks in a cache.", "Where does the kernel store recent blocks?", "in a cache"),
    ("Bread rises because yeast produces gas.", "Why does bread rise?", "because yeast produces gas"),
    ("The valve was closed due to a leak in the pump.", "Why was the valve closed?", "due to a leak in the pump"),
    (
        "Bakers test a starter by dropping a spoonful into water.",
        "How do bakers test a starter?",
        "by dropping a spoonful into water",
    ),
    ("The bridge was opened in 1932.", "When was the bridge opened?", "in 1932"),
    ("In 1932, the city opened a bridge.", "When did the city open a bridge?", "In 1932"),
    ("A spider has eight legs.", "How many legs does a spider have?", "eight"),
    ("There are three kinds of rock.", "How many kinds of rock are there?", "three"),
    ("The tower is 100 metres tall.", "How tall is the tower?", "100 metres"),
    (
        "If the mud is polluted, the birds lose their food.",
        "What happens if the mud is polluted?",
        "the birds lose their food",
    ),
    (
        "A deadlock occurs when two threads wait for each other.",
        "When does a deadlock occur?",
        "when two threads wait for each other",
    ),
    (
        "The scale must be cleaned if dust collects on the plate.",
        "Under what condition must the scale be cleaned?",
        "if dust collects on the plate",
    ),
    ("A pilot must check the fuel before a flight.", "What must a pilot check?", "the fuel before a flight"),
    ("The alarm is used to warn ships of danger.", "What is the alarm used for?", "to warn ships of danger"),
    (
        "A colony consists of one queen and many workers.",
        "What does a colony consist of?",
        "one queen and many workers",
    ),
    ("The first rise is called bulk fermentation.", "What is the first rise called?", "bulk fermentation"),
    ("The lens was designed by Augustin Fresnel.", "What is the lens?", None),
    ("The element radium was discovered by Marie Curie.", "Who discovered the element radium?", "Marie Curie"),
    (
        "The Bay of Fundy has the largest tidal range in the world.",
        "What has the largest tidal range in the world?",
        "The Bay of Fundy",
    ),
    ("Locks allow several threads to share one file.", "What do locks allow several threads to do?", "share one file"),
    (
        "To open the gate, the keeper must turn the wheel.",
        "What must the keeper do to open the gate?",
        "turn the wheel",
    ),
    (
        "Use a probe to measure the depth of the water.",
        "What should you use to measure the depth of the water?",
        "a probe",
    ),
    ("The `fsck` command repairs a damaged disk.", "What does the `fsck` command repair?", "a damaged disk"),
    (
        "A **tide table** lists the heights of [high water](x.html) for a port.",
        "What does a tide table list?",
        "the heights of [high water](x.html) for a port",
    ),
    (
        "However, the pump cannot start because the valve is closed.",
        "Why can the pump not start?",
        "because the valve is closed",
    ),
    (
        "You can compare two archives with the `interdiff` command.",
        "How can you compare two archives?",
        "with the `interdiff` command",
    ),
    (
        "You should soak the beans before you cook the soup.",
        "When should you soak the beans?",
        "before you cook the soup",
    ),
    (
        "Never open the valve if the pump is running.",
        "Under what condition should you not open the valve?",
        "if the pump is running",
    ),
    (
        "If the seal of the lamp is broken, replace the whole lamp.",
        "What should you do if the seal of the lamp is broken?",
        "replace the whole lamp",
    ),
    (
        "If you have need for a new key, you should write to the keeper of the ring.",
        "What should you do if you have need for a new key?",
        "write to the keeper of the ring",
    ),
    (
        "If the table of the tides is missing, then the pilot must wait for high water.",
        "What happens if the table of the tides is missing?",
        "the pilot must wait for high water",
    ),
    ("Add a spoon of salt to the dough.", "What should you add to the dough?", "a spoon of salt"),
    ("Keepers must never leave the lamp of the tower.", "What must keepers never do?", "leave the lamp of the tower"),
    (
        "It is important to dry the grain before storage.",
        "What is it important to do?",
        None,
    ),
    (
        "The default value of the timeout is 30 seconds.",
        "What is the default value of the timeout?",
        "30 seconds",
    ),
    (
        "sponsor: a person who helps members upload packages.",
        'What is "sponsor"?',
        "a person who helps members upload packages",
    ),
    (
        "The filesystem hierarchy standard (FHS) describes folders.",
        "What does FHS stand for?",
        "filesystem hierarchy standard",
    ),
    (
        "There is no way to recover a lost key of the ring.",
        "What is there no way to do?",
        "recover a lost key of the ring",
    ),
    (
        "Since most lakes are shallow, the wind mixes the water of most lakes.",
        "Why does the wind mix the water of most lakes?",
        "Since most lakes are shallow",
    ),
    (
        "VACUUM will rebuild the database from scratch.",
        "What will VACUUM rebuild?",
        "the database from scratch",
    ),
    (
        "The json_quote(X) function converts the value X into text.",
        "What does the json_quote(X) function convert?",
        "the value X into text",
    ),
]
# Each of these once made a question that read badly or had the wrong answer.
MENDED = [
    ("Errors reported when the schema is changed are called schema errors.", "did errors report"),
    ("To a lesser extent, the tool can be used to write a stub.", "Why"),
    ("Duplicate rows are removed before the result is returned.", "should you duplicate"),
    ("Updating an existing package may get complicated.", "get?"),
    ("Security files such as keys must be stored in a safe.", "What security"),
    ("That way the client program can be used with the file.", "way the client"),
    ("SQLite has limited support for the ALTER TABLE command.", "has SQLite limited"),
    ("The change log versions 2 through 3 also alter the format of the file.", "What do the change log version"),
    ("The number of tree leaves written to the table since its creation is stored.", "What leaves"),
    ("Do not hesitate to ask the keeper if you are unsure.", "not do"),
    ("The journal is usually a file.", "What is usually"),
    ("The strategy is to run a checkpoint once the log has 1000 pages.", "When is the strategy"),
    ("The command determines when changes to the file become visible.", "When does the command"),
    ("Subsequent revisions were released on 9 October 1994.", "When were subsequent"),
    ("All three are required for the full coverage of the code.", "What is required"),
    ("The reader must wait, or even better, leave the room of the library.", "better"),
    ("If N is negative, the limit of the cache is reset.", "What"),
    ("It is only safe to close the file after the lock was released.", "is it safe"),
    ("The disk had stricter rules for names of files in folders.", "haved"),
    ("Programs for free systems usually come in the tar format.", "What does"),
    ("The index helps find the content of the log much faster.", "do the index"),
    ("In fairness, the lie normally causes no harm to the keeper.", "In fairness"),
    ("The program must be able to regenerate or restore the data.", "able to do"),
]
LEFT_ALONE = [
    "This is a kind of lamp that sailors used.",
    "It was built by the monks in 1811.",
    "These lamps contain a hollow wick.",
    "The following table lists the heights of the towers.",
    "As shown in Figure 3, the lens bends the light.",
    "See the next chapter for a description of the lens.",
    "The example above contains three errors.",
    "We recommend a lens of glass.",
    "The result is a list of names.",
    "What is a lens?",
    "The second one contains a wick.",
    "Otherwise, the lamp is a danger to ships.",
    "The name for the sequence used to compare values.",
]


def asked(text: str) -> dict[str, str]:
    return {item.question: item.answer for item in candidates(readings_of(sentences(text)))}


@pytest.mark.parametrize(("sentence", "question", "answer"), EXPECTED, ids=[row[1] for row in EXPECTED])
def test_sentence_gives_question(sentence: str, question: str, answer: str | None) -> None:
    assert asked(sentence).get(question) == answer


@pytest.mark.parametrize("sentence", LEFT_ALONE)
def test_sentence_that_leans_on_its_page_is_left_alone(sentence: str) -> None:
    assert asked(sentence) == {}


@pytest.mark.parametrize(("sentence", "part"), MENDED, ids=[row[0] for row in MENDED])
def test_bad_reading_does_not_come_back(sentence: str, part: str) -> None:
    assert [question for question in asked(sentence) if part in question] == []


def test_question_with_two_answers_in_one_passage_is_dropped() -> None:
    text = "Add a spoon of salt to the dough. Add a cup of water to the dough."
    assert not any(
        "to the dough" in str(item["question"]) and item["kind"] != "cloze"
        for item in generate(Task("default", text, 4))
    )


def test_pronoun_is_resolved_by_the_sentence_before() -> None:
    found = asked("Gluten is an elastic network of proteins. It traps the gas in the dough.")
    assert found["What does gluten trap?"] == "the gas in the dough"


def test_pronoun_across_paragraphs_is_not_resolved() -> None:
    found = asked("Gluten is an elastic network of proteins.\n\nIt traps the gas in the dough.")
    assert not any("trap" in question for question in found)


def test_acronyms_and_names_keep_their_capitals() -> None:
    assert "What does NASA operate?" in asked("NASA operates several large telescopes.")


def test_questions_of_one_passage_differ() -> None:
    text = "A lamp is a device that gives light. A lamp is a device that burns oil. A wick is a cord that draws oil."
    questions = [item["question"] for item in generate(Task("default", text, 6))]
    assert len(questions) == len(set(questions))


def test_one_question_per_sentence_comes_before_a_second() -> None:
    text = (
        "Wild yeasts live on the surface of the grain. The bridge was opened in 1932. "
        "Bread rises because yeast produces gas."
    )
    quotes = [item["quote"] for item in generate(Task("default", text, 3))]
    assert len(set(quotes)) == 3


def test_seed_turns_the_order_of_equals_only() -> None:
    text = "The bridge was opened in 1932. The canal was opened in 1869. The tunnel was opened in 1994."
    orders = {tuple(str(item["answer"]) for item in generate(Task("default", text, 3, seed=seed))) for seed in range(3)}
    assert len(orders) == 3
    assert len({frozenset(order) for order in orders}) == 1

"""Who the persons of a passage are, by which names it calls them, and whom ``he`` and ``she`` stand for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chunksmith.providers.builtin.grammar.dates import dated_until, person_at
from chunksmith.providers.builtin.grammar.humans import GIVEN, TITLES, gender_of, is_human
from chunksmith.providers.builtin.grammar.passage import Sentence
from chunksmith.providers.builtin.grammar.topic import heading_text
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.words import is_common, is_function_word, tokens

_WORD = r"(?:[A-Z][\w’'-]*[a-z]|[A-Z]\.)"
_NAME = re.compile(rf"{_WORD}(?: (?:(?:de|van|von|der|den|la|di|da|du|del) )*{_WORD})*")
_NO_PERSON = frozenset(
    """
    university college institute company railway bridge war prize bureau hospital museum conference order foundation
    port street city press society academy church cathedral station school association council committee ministry
    library river lake sea mountain mount island county council bank party group union corporation studio theatre
    street road avenue square park bay house hall award medal act treaty empire kingdom republic states north south
    east west saint day research laboratory laboratories theorem law equation effect
    """.split()
)
_APPOSED = re.compile(r",? (?:who|whose)\b|, (?:an?|the|his|her|their|its) (?P<said>[^,.;]{3,60})")
_DEFINED = re.compile(r"(?:, [^,.]{3,60},)? (?:was|is) (?:an?|the|one of) (?P<said>[^,.;]{3,90})")
_ACTS = re.compile(
    r" (?:said|told|wrote|was born|were born|married|studied|added|grew up|spoke|learned|noticed|explained|retired|"
    r"emigrated|remembered|replied|died (?:in|on|of|at|after)|hired)\b|['’]s (?:father|mother|wife|husband|brother|"
    r"sister|son|daughter|nephew|niece|parents|children|widow|colleagues?|paper|grave|death|lecture)\b"
)
_LIVES = re.compile(
    r" (?:was born|married|grew up|emigrated|retired to)\b|(?: alone)? (?:received|won|shared) the Nobel\b|"
    r"['’]s (?:father|mother|wife|husband|brother|sister|nephew|niece)\b"
)
_BEFORE = re.compile(r"(?P<human>[a-z]+)(?: (?:named|called))? \Z|\b(?P<said>said|asked|wrote|replied) \Z")
_PRONOUNS = re.compile(r"\b(?:he|she|him|her|his|hers)\b", re.I)
_LONGEST = 5  # words of a name
_STRANGER = re.compile(r"\b(?:he|she|him|his|hers|her)\b")


@dataclass(frozen=True, slots=True)
class Person:
    """``gender`` is the pronoun that stands for the person, empty when nobody can tell."""

    name: str
    gender: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """``names`` leads from every name to its person, ``meant`` from a sentence to whom its pronoun stands for."""

    names: dict[str, Person] = field(default_factory=dict)
    meant: dict[int, Person] = field(default_factory=dict)

    @property
    def words(self) -> frozenset[str]:
        return frozenset(word for name in self.names for word in name.split())

    def named(self, text: str) -> Person | None:
        """``Hahn``, ``Hahn alone``, ``Otto Hahn, a chemist``, ``Captain Harlan``; ``Florey and Chain`` by the first."""
        bare = _ALONE.sub("", text.split(",")[0].split(" who ")[0]).strip()
        first, joined, second = bare.partition(" and ")
        if joined:
            return self.named(first) if self.named(second) else None
        bare = _ELSE.split(bare)[0]
        plain = _PARTICLE.sub("", _without_title(bare))
        return self.names.get(bare) or self.names.get(plain)


_PARTICLE = re.compile(r"\A(?:De|Van|Von|Der|Di|La|Du) (?=[A-Z])", re.I)
# "Noether in April 1933"
_ELSE = re.compile(r" (?:in|at|on|from|to|as|with|along|for|by) ")
_ALONE = re.compile(r" (?:alone|himself|herself)\Z")


def _without_title(name: str) -> str:
    words = name.split()
    while len(words) > 1 and words[0].lower().strip(".") in TITLES:
        words = words[1:]
    return " ".join(words)


def people_of(sentences: Sequence[Sentence]) -> People:
    """Persons are told by a full name with a given one, a title, a trade beside them, or what only persons do."""
    found: dict[str, str] = {}
    for heading in {heading for sentence in sentences for heading in sentence.headings}:
        title = heading_text(heading)
        match = _NAME.fullmatch(title)
        if match and 2 <= len(title.split()) <= _LONGEST and title.split()[0].lower() in GIVEN and _may_be(title):
            found[title] = gender_of(title.split()[0])
    for number, sentence in enumerate(sentences):
        following = sentences[number + 1] if number + 1 < len(sentences) else None
        for name, start, end in _names(sentence.text):
            gender = _evidence(sentence, following, name, start, end)
            if gender is not None and not _is_place(name, sentences):
                found[name] = found.get(name, "") or gender
    found.update(dict.fromkeys(_joined(sentences, found), ""))
    persons = {name: Person(name, gender) for name, gender in found.items()}
    return _taken_up(sentences, People(_by_any_name(persons, sentences)))


def _joined(sentences: Sequence[Sentence], found: dict[str, str]) -> Iterator[str]:
    """``Florey and Heatley flew``: who stands beside a person is one."""
    known = {name.split()[-1] for name in found}
    for sentence in sentences:
        for match in _PAIR.finditer(sentence.text):
            one, other = match["one"], match["other"]
            stranger = other if one in known else one if other in known else ""
            if stranger and stranger not in known and not (is_common(stranger) or _is_place(stranger, sentences)):
                yield stranger


_PAIR = re.compile(
    r"(?:\A|(?<=[a-z,] ))(?P<one>[A-Z][a-z]+) and (?P<other>[A-Z][a-z]+)(?= [a-z]+(?:ed|ew|ote|ook|ent|ad)\b)"
)


def _names(text: str) -> Iterator[tuple[str, int, int]]:
    """Every run of capitalised words, without a function word or a title that it begins with."""
    for match in _NAME.finditer(text):
        name, start = match[0], match.start()
        while " " in name and is_function_word(name.split()[0]):
            start += name.index(" ") + 1
            name = text[start : match.end()]
        name = re.sub(r"['’]s\Z", "", name)
        if not is_function_word(name) and len(name) > 2:
            yield name, start, start + len(name)


def _may_be(name: str) -> bool:
    words = name.split()
    institution = words[0].lower() in _NO_PERSON or words[-1].lower() in _NO_PERSON
    return not institution and len(words) <= _LONGEST and not re.search(r"['’]", name)


def _evidence(sentence: Sentence, following: Sentence | None, name: str, start: int, end: int) -> str | None:
    """The gender when the name is a person's, else None."""
    bare, text = _without_title(name), sentence.text
    if not _may_be(bare):
        return None
    words = bare.split()
    gender = gender_of(words[0]) if len(words) > 1 or bare != name else ""
    if bare != name:
        return None if is_common(words[0]) else gender or gender_of(name.split()[0])
    if len(words) > 1 and words[0].lower() in GIVEN:
        return gender
    if words[0].lower() in GIVEN and not is_common(words[0]) and _acts(text, end):
        return gender_of(words[0])
    before = _BEFORE.search(text[:start])
    if before and (before["said"] or is_human(before["human"])) and not _is_plural_human(before["human"]):
        return gender or gender_of(before["human"] or "")
    apposed, defined = _APPOSED.match(text, end), _DEFINED.match(text, end)
    for told in (apposed, defined) if len(words) > 1 else (defined,):
        if told and told["said"] and (human := next((word for word in _head(told["said"]) if is_human(word)), "")):
            return gender or gender_of(human)
    proper = len(words) > 1 and not any(is_common(word) for word in words)
    if (proper and ((apposed and not apposed["said"]) or _ACTS.match(text, end))) or _LIVES.match(text, end):
        return gender
    taken_up = following is not None and following.paragraph == sentence.paragraph and start == _opening(text)
    pronoun = _PRONOUNS.match(following.text) if taken_up and following else None
    # "Bell founded … She died": unless somebody else is spoken of.
    alone = not any(other != name for other, *_ in _names(text) if other.split()[0].lower() in GIVEN)
    return pronoun[0].lower() if pronoun and pronoun[0].lower() in {"he", "she"} and alone else None


def _acts(text: str, end: int) -> bool:
    """A verb of its own follows: ``Ines presented the figures``."""
    following = re.match(r" (?:then |also )?([a-z]+)\b", text[end:])
    return following is not None and (following[1] in _FINITE or reading(following[1], "sd") is not None)


_FINITE = frozenset("is was has had will would can could did does".split())


def _is_plural_human(word: str | None) -> bool:
    return bool(word) and str(word).endswith("s")


def _head(said: str) -> list[str]:
    """The words of a noun phrase up to what follows its noun."""
    return re.split(r" (?:of|in|at|who|that|which|from|for|with|to|on|and the|by) ", said)[0].split()


def _is_place(name: str, sentences: Sequence[Sentence]) -> bool:
    place = re.compile(rf"\b(?:in|at) {re.escape(name)}\b(?!['’]s)")
    return " " not in name and any(place.search(sentence.text) for sentence in sentences)


def _by_any_name(persons: dict[str, Person], sentences: Sequence[Sentence]) -> dict[str, Person]:
    """Also by the surname, the given name, and with the title."""
    names: dict[str, Person] = {}
    full = sorted((name for name in persons), key=lambda name: -len(name.split()))
    for name in full:
        person, words = persons[name], _without_title(name).split()
        names[name] = names.get(name, person)
        for short in {_without_title(name), words[-1], *(words[:1] if words[0].lower() in GIVEN else ())}:
            known = names.get(short)
            if known is None:
                names[short] = person
            elif known.name != person.name and len(words) > 1:
                same = known.gender if known.gender == person.gender else ""
                names[short] = Person(short, same)
    single = [name for name in persons if " " not in name and persons[name].gender]
    for name in single:
        if not names[name].gender:
            names[name] = Person(names[name].name, persons[name].gender)
    return names


def _opening(text: str) -> int:
    """Where the subject of the sentence may begin: behind a date or the comma of what opens it."""
    parts = tokens(text)
    if parts[0].tag not in ("prep", "sub") or len(parts) < _LONGEST:
        return 0
    place = dated_until(parts, 0) or person_at(parts, 0)
    if not place:
        commas = (at for at, token in enumerate(parts[:16]) if token.text == ",")
        place = next(commas, -1) + 1
        return parts[place].start if place else 0
    return parts[place + (parts[place].text == ",")].start


def _taken_up(sentences: Sequence[Sentence], people: People) -> People:
    """``he`` and ``she`` are the person the sentence before is about, else the one whom the passage is about."""
    names = dict(people.names)
    meant: dict[int, Person] = {}
    main = _main(sentences, names)
    current: Person | None = None
    for number, sentence in enumerate(sentences):
        before = sentences[number - 1] if number else None
        if before is None or before.paragraph != sentence.paragraph or before.headings != sentence.headings:
            current = None
        begin = _opening(sentence.text)
        pronoun = _PRONOUNS.match(sentence.text, begin)
        if pronoun and pronoun[0].lower() in {"he", "she"}:
            said = pronoun[0].lower()
            previous = before.text if before else ""
            if number - 1 in meant and meant[number - 1].name == main:
                current = meant[number - 1]
            current = _antecedent(said, current, names.get(main) if main else None, previous, names)
            if current is not None:
                known = Person(current.name, said)
                names = {name: known if person.name == known.name else person for name, person in names.items()}
                meant[number] = current = known
        else:
            current = _subject(sentence.text, begin, names)
    return People(names, meant)


def _main(sentences: Sequence[Sentence], names: dict[str, Person]) -> str:
    """Whom a heading names, or the first sentence."""
    for heading in (*(sentences[0].headings if sentences else ()), ""):
        if heading_text(heading) in names:
            return heading_text(heading)
    first = sentences[0].text if sentences else ""
    defined = re.match(rf"(?P<name>{_NAME.pattern})(?:, [^,.]{{3,60}},)? (?:was|is) (?:an?|the|one of) ", first)
    return defined["name"] if defined and defined["name"] in names else ""


def _antecedent(
    said: str, current: Person | None, main: Person | None, previous: str, names: dict[str, Person]
) -> Person | None:
    """Whom the sentence before is about, else the main person; nobody when it names another who could be meant."""
    likely = current if current is not None and current.gender in {"", said} else None
    if likely is None:
        likely = main if main is not None and main.gender in {"", said} else None
    if likely is None or (current is not None and likely is not current and current.gender in {"", said}):
        return None
    named = [person for name, person in names.items() if re.search(rf"\b{re.escape(name)}\b(?!['’]s)", previous)]
    rivals = [
        one for one in named if one.gender in {"", said} and one.name not in {likely.name, likely.name.split()[-1]}
    ]
    # "Hahn wrote to her. She …", "Bell visited the queen. She …"; not "She became the second woman to …".
    spoken_of = likely.gender == "" and _SPOKEN_OF.search(previous)
    human = any(gender_of(word) == said for word in re.findall(r"[a-z]+", _CALLED.split(previous)[0]))
    return None if rivals or spoken_of or human else likely


_SPOKEN_OF = re.compile(r"\b(?:her|him|he|she)\b(?! [a-z]+\b)|\b(?:to|with|for|told|gave|helped) (?:her|him)\b", re.I)
_CALLED = re.compile(r"\b(?:was|is|became) (?:an?|the)\b")


def _subject(text: str, begin: int, names: dict[str, Person]) -> Person | None:
    match = _NAME.match(text, begin)
    if match is None:
        return None
    name = re.sub(r"['’]s\Z", "", match[0])
    joined = re.match(r"(?:, [^,]*,)? and [A-Z]|['’]s", text[begin + len(name) :])
    return None if joined or name != match[0] else names.get(name) or names.get(_without_title(name))


def settled(text: str, before: str, people: People) -> str:
    """``text`` without the pronouns that a person named in it, or in ``before``, binds: ``Bell sold her house``."""
    said = f"{before} {text}"
    for name in sorted(people.names, key=len, reverse=True):
        gender, place = people.names[name].gender, said.find(name)
        if not gender or place < 0:
            continue
        own = r"\bher\b(?= [a-z])" if gender == "she" else r"\bhis\b"
        begin = max(0, place + len(name) - len(before) - 1)
        told = re.sub(rf"\b{gender}\b", name, re.sub(own, _possessive, text[begin:]))
        return text[:begin] + told
    return text


def _possessive(match: re.Match[str]) -> str:
    """``her house``, not ``gave her back``"""
    following = re.match(r" ([a-z]+)", match.string[match.end() :])
    return match[0] if following is None or is_function_word(following[1]) else "the"


def asks_who(question: str, answer: str, people: People) -> str:
    """The question with *Who* where a person answers, or is asked about: ``What was Bell?``"""
    asked = re.search(
        r"(?:\A|, |\. )(?P<wh>what|who or what)(?P<verb> (?:is|was|are|were))?\b(?P<rest>.*)\?\Z", question, re.I
    )
    if asked is None or not people.names:
        return question
    rest = asked["rest"].strip()
    about = bool(asked["verb"]) and people.named(rest) is not None
    if not about and people.named(answer) is None:
        return question
    who = "Who" if asked["wh"][0].isupper() else "who"
    return f"{question[: asked.start('wh')]}{who}{question[asked.end('wh') :]}"


def names_stranger(question: str, answer: str) -> bool:
    """``What happened in 1938? Hahn wrote to her``: nobody knows to whom."""
    return question.startswith("What happened") and _STRANGER.search(answer) is not None


def kind_of(kind: str, question: str) -> str:
    return "who" if kind == "what" and re.search(r"(?:\A|, |\. )who\b(?! or what)", question, re.I) else kind

"""Finds the subject and the finite verb that a clause begins with, by neighbours and agreement."""

from collections.abc import Sequence

from chunksmith.providers.builtin.grammar.joints import (
    AUXILIARY,
    aside_end,
    determines,
    joins_statements,
    opens_contact,
)
from chunksmith.providers.builtin.grammar.neighbours import is_no_verb, is_unlisted_verb, lacks_subject
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading, readings
from chunksmith.providers.builtin.grammar.words import Token, is_name, is_plural

MAX_SUBJECT = 18


NOMINAL = ("word", "quoted", "num")


_OPENERS = ("det", "word", "num", "quoted")


_SKIPPED = ("adv",)


def may_open(tokens: Sequence[Token], first: int) -> bool:
    token, following = tokens[first], tokens[first + 1]
    if token.tag == "pron":
        named = token.lower in {"this", "these"} and following.tag in ("word", "quoted")
        return named or token.lower in {"you", "it", "they", "he", "she", "anyone", "anybody", "everyone", "everybody"}
    if token.tag == "adv" and token.lower.endswith("ly") and reading(following.lower, "g"):
        # "Deliberately changing the mode …"
        return True
    if token.tag not in _OPENERS or lacks_subject(tokens, first, len(tokens)):
        return False
    if token.lower in {"first", "second", "next", "last"} and following.tag in ("det", "pron"):
        return False
    if token.lower in _NOT_SUBJECTS or (
        following.lower in {"first", "next", "last"} and tokens[first + 2].lower == "time"
    ):
        return False
    if token.lower in {"each", "every"} and following.lower == "time":
        return False
    if token.tag != "word" or not reading(token.lower, "b"):
        return True
    if following.tag in ("det", "quoted", "pron", "rel", "to"):
        return False
    if token.lower in _QUALITIES:
        # "Empty lines are ignored": a quality and the verb of its noun.
        return following.tag == "word" and any(near.tag in AUXILIARY for near in tokens[first + 2 : first + 5])
    if token.lower not in NOUN_LIKE:
        return False
    # "Update package listings": an order as likely as a noun, unless an auxiliary comes soon.
    soon = any(near.tag in AUXILIARY for near in tokens[first + 1 : first + 6])
    return first > 0 or soon or _acts(tokens, first)


_QUALITIES = frozenset(
    "empty corrupt clean open separate total direct secure dry slow double duplicate compound".split()
)


def _acts(tokens: Sequence[Token], first: int) -> bool:
    """``Crash tests in the harness use a disk``: behind a plural noun a verb and its object, with nothing between."""
    for place in range(first + 2, min(first + 7, len(tokens) - 2)):
        token = tokens[place]
        if token.tag not in ("word", "quoted", "prep", "det", "adv"):
            return False
        form = reading(token.lower, "b") if token.tag == "word" else None
        sure = token.lower not in NOUN_LIKE or tokens[place + 1].tag == "det"
        if form is not None and sure and tokens[place - 1].tag in ("word", "quoted", "adv"):
            return is_plural(tokens[first + 1].text)
    return False


def find_finite(tokens: Sequence[Token], first: int, limit: int) -> tuple[int, int] | None:
    """Where the subject ends and the finite verb stands."""
    relative = related = listing = joined = False
    index = first
    while index < limit:
        token = tokens[index]
        if token.tag in AUXILIARY or (
            token.tag == "word" and index > first and _is_finite(tokens, first, index, limit)
        ):
            if index == first:
                return None
            if relative:
                relative = False
                index = _after_group(tokens, index, limit)
                continue
            if listing and not joined:
                return None
            return _without_adverbs(tokens, first, index), index
        after_noun = index > first and tokens[index - 1].tag in NOMINAL and token.lower != "whose"
        behind = after_noun or (token.lower == "which" and tokens[index - 1].tag == "prep")
        # "a column that is new and that has a name": the second clause tells of the same noun.
        again = related and tokens[index - 1].tag == "conj"
        if (token.tag == "rel" and (behind or again)) or opens_contact(tokens, first, index, limit):
            if relative:
                return None
            relative = related = True
        elif token.text == ",":
            end = aside_end(tokens, index, limit)
            if end:
                return index, end
            listing = True
        elif token.tag == "conj":
            if token.lower not in {"and", "or"} or joins_statements(tokens, first, index):
                return None
            joined = True
        elif (
            token.tag in ("sub", "wh", "rel")
            or (token.tag == "punct" and token.text not in "/'&’")
            or (
                token.tag == "pron"
                and index > first
                and not relative
                and token.lower not in {"all", "some", "most", "both", "each"}
                and not determines(tokens, index, limit)
            )
        ):
            return None
        index += 1
    return None


def _without_adverbs(tokens: Sequence[Token], first: int, verb: int) -> int:
    end = verb
    # "version 3.22.0 and later": the adverb belongs to the subject.
    while end > first + 1 and tokens[end - 1].tag in _SKIPPED and tokens[end - 2].tag != "conj":
        end -= 1
    # "A script first compiles …"
    return end - 1 if end > first + 2 and tokens[end - 1].lower == "first" else end


def _after_group(tokens: Sequence[Token], index: int, limit: int) -> int:
    """Past the verbs of a relative clause: ``has been written``."""
    index += 1
    while index < limit and (
        tokens[index].tag in ("adv", "be", "have")
        or (tokens[index].tag == "word" and reading(tokens[index].lower, "ng"))
    ):
        index += 1
    return index


def _is_finite(tokens: Sequence[Token], first: int, index: int, limit: int) -> bool:
    """Whether a word that can be a verb is one here, by its neighbours and by agreement with the noun before it."""
    forms = readings(tokens[index].lower)
    if not forms:
        return is_unlisted_verb(tokens, index, limit)
    if is_no_verb(tokens, first, index, limit):
        return False
    before = _noun_before(tokens, first, index)
    if before is not None and tokens[before].tag == "rel":
        return any(form.feature in "sbd" for form in forms)
    if before is None or not _may_follow(tokens, index, limit):
        return False
    features = {form.feature for form in forms}
    previous = tokens[before]
    plural = previous.lower in {"you", "they", "we"} or subject_is_plural(tokens[first : before + 1])
    if "s" in features:
        after = tokens[index + 1] if index + 1 < limit else None
        # "tree leaves written to disk": two verbs in a row.
        done = after is not None and reading(after.lower, "n") and not reading(after.lower, "b")
        if done and after and after.lower not in NOUN_LIKE and not any(form.base in _LINKING for form in forms):
            return False
        if any(form.base in NOUN_LIKE for form in forms) and not _is_surely_verb(tokens, first, index, limit):
            return False
        if previous.tag == "pron":
            return previous.lower in {"it", "he", "she"}
        return not plural or not is_plural(previous.text)
    if "b" in features and not ("d" in features and not plural):
        if tokens[index].lower not in NOUN_LIKE - _FIRM:
            return plural
        found = plural and _object_follows(tokens, index, limit, _in_noun_phrase(tokens, first, index))
        # "They found old maps": the past of another verb.
        if found or len({form.base for form in forms}) == 1:
            return found
    return "d" in features and not _is_reduced(tokens, index, limit)


def _is_surely_verb(tokens: Sequence[Token], first: int, index: int, limit: int) -> bool:
    """``tests``, ``files``, ``stores``: nouns more often than not, verbs when an object begins right behind."""
    if index + 1 >= limit:
        return False
    following = tokens[index + 1]
    if following.lower == "such":
        return False
    if index == first + 1 and is_name(tokens[first].text) and following.tag == "word":
        # "FULL blocks concurrent writers": a name, and what it does to them.
        return not readings(following.lower)
    if _names_version(tokens, index - 1):
        return True
    if tokens[index - 1].tag == "adv" and tokens[index - 1].lower in _BEFORE_VERB:
        # "SQLite then checks": an adverb does not stand inside of a compound.
        return True
    aims = following.tag == "to" and index + 2 < limit and reading(tokens[index + 2].lower, "b")
    if aims and (form := reading(tokens[index].lower, "s")) is not None and form.base in _AIMING:
        return True
    if following.tag == "rel":
        return tokens[index].lower in {"states", "reports", "notes", "shows", "means"}
    if following.tag in ("prep", "to"):
        form = reading(tokens[index].lower, "s")
        return following.tag == "prep" and form is not None and form.base in _FIRM and tokens[first].tag == "det"
    if following.tag in ("word", "adv"):
        form = reading(tokens[index].lower, "s")
        return form is not None and form.base in _FIRM and not reading(following.lower, "bsdn")
    return True


_BEFORE_VERB = frozenset("then now also always often usually never automatically merely simply normally".split())
_REACHING = frozenset("lead point want need attempt plan map link move fall apply".split())
_AIMING = frozenset("need help aim attempt plan fail cause start promise".split())
_AFTER_VERB = frozenset("the a an its their each every both all any no this".split())


def _names_version(tokens: Sequence[Token], place: int) -> bool:
    """``version 2.5 and later offers files``: what is later is a version, not an offer."""
    return place > 1 and tokens[place].lower in {"later", "earlier"} and tokens[place - 1].tag == "conj"


def _noun_before(tokens: Sequence[Token], first: int, index: int) -> int | None:
    place = index - 1
    while place > first and tokens[place].tag == "adv" and not _names_version(tokens, place):
        place -= 1
    token = tokens[place]
    if (
        token.tag in (*NOMINAL, "rel")
        or _names_version(tokens, place)
        or token.lower in {"you", "it", "they", "he", "she", "we"}
    ):
        return place
    return None


def _may_follow(tokens: Sequence[Token], index: int, limit: int) -> bool:
    if index + 1 >= limit:
        return True
    following = tokens[index + 1]
    if following.tag == "conj" and index + 2 < limit and reading(tokens[index].lower, "s"):
        both = reading(tokens[index].lower, "s"), reading(tokens[index + 2].lower, "s")
        return all(form is not None and form.base not in NOUN_LIKE for form in both)
    if following.lower in {"be", "been"}:
        return False
    past = reading(tokens[index].lower, "d")
    if following.tag == "conj" and past is not None and past.base in INTRANSITIVE and index + 2 < limit:
        # "the war ended and the town was rebuilt"
        return tokens[index].lower != past.base and tokens[index + 2].tag in ("det", "pron")
    if following.tag in ("be", "have", "do", "modal", "conj") or following.text in {",", "/", "-"}:
        return False
    if following.tag == "word":
        if tokens[index].lower in {"helps", "helped", "help"}:
            return True
        form = reading(following.lower, "sbd")
        return form is None or form.base in NOUN_LIKE or form.feature == "d" or bool(reading(following.lower, "n"))
    return True


def _object_follows(tokens: Sequence[Token], index: int, limit: int, surely: bool) -> bool:
    """``surely``: nothing but an object will do."""
    opening = ("det", "quoted", "pron") if surely else ("det", "quoted", "pron", "rel", "adv")
    if index + 1 >= limit:
        return False
    if tokens[index + 1].tag == "to" and not surely and index + 2 < limit:
        return tokens[index].lower in _REACHING or reading(tokens[index + 2].lower, "b") is not None
    return tokens[index + 1].tag in opening


def _in_noun_phrase(tokens: Sequence[Token], first: int, index: int) -> bool:
    """``as the multiarch package``, ``doing a night watch``: behind an article that nothing but a noun can follow."""
    place = index - 1
    while place > first and tokens[place].tag == "word":
        place -= 1
    if not first < place < index - 1 or tokens[place].tag != "det":
        return False
    before = tokens[place - 1]
    return before.tag in ("prep", "to") or before.lower == "doing" or reading(before.lower, "g") is not None


_NOT_SUBJECTS = frozenset(
    "be been beginning starting according depending including regarding given assuming considering".split()
)


_LINKING = frozenset("remain become get stay go seem appear feel keep look sound lie stand sit".split())


_FIRM = frozenset(
    """
    need use cause help show store hold find build break drive work live support produce trap move run contain feed
    return offer cover influence release reach increase reduce control rise fall turn begin start stop grow
    """.split()
)


INTRANSITIVE = frozenset(
    """
    come arrive live happen occur appear emerge spread work consist depend lead contribute result die move travel sail
    walk continue belong remain flow evolve survive disappear migrate return start turn develop range refer rely serve
    act suffer participate settle hatch end last differ expand collapse retire stay fail agree adapt react respond
    react escape shift vote flee go become emigrate
    """.split()
)  # fmt: skip


_SAID = frozenset("said claimed argued thought believed announced hoped knew insisted warned".split())


def _is_reduced(tokens: Sequence[Token], index: int, limit: int) -> bool:
    """``the file created by the system is …``: a participle, with the finite verb still to come."""
    following = tokens[index + 1] if index + 1 < limit else None
    if following is not None and following.lower in {"by", "as"}:
        return True
    if following is not None and tokens[index].lower in _SAID and following.tag in ("det", "pron"):
        # "The association said the closure would cost …": a participle has no object.
        return False
    base = reading(tokens[index].lower, "n")
    quoted = following is not None and (following.tag == "quoted" or following.text[0].isupper())
    if tokens[index].lower in {"named", "called"} and quoted and tokens[index - 1].text.islower():
        # "in a folder named `src`"
        return True
    if base is None:
        # "fell", "wrote": a past and no participle.
        return False
    if following is not None and following.tag in ("prep", "to") and base.base not in INTRANSITIVE:
        return True
    inner = 0
    for place in range(index + 1, limit):
        token = tokens[place]
        if token.tag in AUXILIARY and tokens[place - 1].tag not in AUXILIARY:
            # "errors reported when the schema is changed are …": the first auxiliary belongs to the inner clause.
            if not inner:
                return True
            inner -= 1
        if token.tag in ("rel", "sub", "wh") or token.lower in {"after", "before", "until", "than"}:
            inner += 1
        if token.tag == "conj" or token.text in {",", ";", ":"}:
            return False
    return False


def subject_is_plural(subject: Sequence[Token]) -> bool:
    # "Finding and reporting bugs": one activity.
    if subject and subject[0].tag == "word" and reading(subject[0].lower, "g") and not is_plural(subject[0].text):
        return False
    head: Token | None = None
    for place, token in enumerate(subject):
        if token.lower == "and":
            return True
        if token.tag in ("prep", "to", "rel") and head is not None:
            break
        if (
            place
            and token.tag == "word"
            and head is not None
            and reading(token.lower, "n")
            and not reading(token.lower, "b")
        ):
            break
        if head is not None and is_plural(head.text) and _opens_gerund(subject, place):
            break
        if token.tag in NOMINAL or token.tag == "pron":
            head = token
    if head is None or subject[0].lower in {"a", "an", "each", "every", "this", "another"}:
        return False
    return head.lower in {"they", "you", "we"} or is_plural(head.text)


def _opens_gerund(subject: Sequence[Token], place: int) -> bool:
    """``porters doing a source upload``: what follows the noun says which ones."""
    token, following = subject[place], subject[place + 1 : place + 2]
    gerund = token.lower in {"doing", "having", "being"} or reading(token.lower, "g") is not None
    return token.tag == "word" and gerund and bool(following) and following[0].tag in ("det", "quoted", "num", "prep")

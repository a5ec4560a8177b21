"""What stands beside a word tells that it is no verb: ``three stages``, ``a comma separated list``.

Or that a sentence has no subject at all: ``Returns the name.``
"""

from collections.abc import Sequence

from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.words import NUMBER_WORDS, Token, is_name, is_plural

# No noun ends with them, so that what stands behind is one: "small amounts", "other embedded systems".
_ATTRIBUTES = frozenset(
    """
    other next last small large great big little long short different various several similar certain specific special
    built-in immutable mutable available possible maximum minimum maximal minimal wrong correct new old older
    newer own main major minor entire whole complete full partial additional extra multiple single separate
    common rare typical usual normal real true false good bad earlier recent previous following
    initial final internal external public private local global higher lower upper inner outer custom
    optional necessary important useful simple complex hidden empty unique current existing remaining
    frequent numerous many few trailing leading overlapping nested
    """.split()
)
_LONG = 7  # letters
_SUBJECT_PRONOUNS = frozenset("they we he she i".split())
_SEPARATED = frozenset("separated delimited based bit".split())
_GETTING = frozenset("being get gets got getting gotten".split())
# Nouns whose verb has no object: "the built-in functions `a` and `b`".
_WITHOUT_OBJECT = frozenset("function project suit place".split())
_HALTING = frozenset(
    """
    block loop pass exit end stop start work run return help fail wait halt rest stay count trigger fire vote load
    increase rise fall turn change show report float drift drop flow sound stand sleep ring crash leak march laugh smile
    reign decay decline break spread travel live look move walk win rust slide split stick jump hold open grow matter
    balance shift cycle bloom flower boot flash
    """.split()
)


def is_no_verb(tokens: Sequence[Token], first: int, index: int, limit: int) -> bool:
    """Whether the neighbours of a word show that it is no finite verb, whatever forms it may have."""
    before, word = tokens[index - 1], tokens[index].lower
    following = tokens[index + 1] if index + 1 < limit else None
    if before.lower in _ATTRIBUTES and index > first + 1:
        return True
    noun = next((form for form in (reading(word, "s"), reading(word, "b")) if form is not None), None)
    if noun is not None and noun.base in NOUN_LIKE and _is_noun(tokens, first, index, limit):
        return True
    past = reading(word, "d")
    if past is None or past.base == word:
        return False
    if before.lower in _GETTING:
        return True
    if before.tag == "num" and word in _SEPARATED:
        return True
    named = following is not None and following.tag in ("word", "quoted", "adv")
    if word in _SEPARATED and named and not is_plural(before.text):
        return True
    # "Debugging embedded systems", "an object containing used constants"
    doing = reading(before.lower, "g") is not None or (before.lower.endswith("ing") and len(before.text) > _LONG)
    gerund = doing and (index == first + 1 or tokens[index - 2].tag != "det")
    if gerund and named and following is not None and is_plural(following.text):
        return True
    # "a set created using the operator"
    return following is not None and following.lower in {"using", "via"} and reading(word, "n") is not None


def is_unlisted_verb(tokens: Sequence[Token], index: int, limit: int) -> bool:
    """``the algorithm aborts the statement``: after a singular noun and before an article it can only be a verb."""
    word = tokens[index].text
    if not (word.islower() and word.isalpha() and len(word) > 3 and is_plural(word)) or index + 1 >= limit:
        return False
    before = tokens[index - 1]
    noun = before.tag in ("word", "quoted") and not is_plural(before.text) and before.lower not in _ATTRIBUTES
    return noun and tokens[index + 1].text in _AFTER_VERB and not _floats(tokens, index + 1, limit)


_AFTER_VERB = frozenset("the a an its their each both every all any no this".split())


def _is_noun(tokens: Sequence[Token], first: int, index: int, limit: int) -> bool:
    before = tokens[index - 1]
    following = tokens[index + 1] if index + 1 < limit else None
    third = reading(tokens[index].lower, "s")
    if before.lower in NUMBER_WORDS and index > first + 1:
        return True
    if following is None:
        return False
    if third is None:
        return _is_compound(tokens, index, limit)
    if following.tag == "punct" and following.text in {":", ";", "(", "—", "–"}:
        return True
    if following.tag == "sub" and following.lower not in {"whether", "where"}:
        return third.base not in _HALTING and not (third.base == "check" and following.lower == "if")
    if following.lower in _SUBJECT_PRONOUNS:
        return True
    if following.tag == "quoted" and third.base in _WITHOUT_OBJECT:
        return True
    return _floats(tokens, index + 1, limit)


def _floats(tokens: Sequence[Token], place: int, limit: int) -> bool:
    """``The lamp types all burn oil``: behind ``all`` or ``each`` the verb is still to come."""
    if tokens[place].lower not in {"all", "each", "both"} or place + 1 >= limit:
        return False
    verb = tokens[place + 1]
    if verb.lower == "time" or verb.tag in ("be", "have", "do", "modal"):
        return True
    if verb.tag != "word":
        return False
    form, sure = reading(verb.lower, "b"), reading(verb.lower, "sb")
    opens = place + 2 < limit and tokens[place + 2].tag in ("det", "quoted", "pron", "num")
    return (form is not None and opens) or (sure is not None and sure.base not in NOUN_LIKE)


def _is_compound(tokens: Sequence[Token], index: int, limit: int) -> bool:
    """``concurrency control in``: behind a noun in the singular the plain form is the head of a compound."""
    before, following = tokens[index - 1], tokens[index + 1]
    single = before.tag == "word" and not is_plural(before.text) and not is_name(before.text)
    return single and before.lower not in {"you", "people"} and following.tag in ("prep", "be", "have", "do", "modal")


def lacks_subject(tokens: Sequence[Token], first: int, last: int) -> bool:
    """``Returns the name of the lamp.``, ``Called to light it.``: what does so, the sentence does not say."""
    if first + 2 >= last or tokens[first].tag != "word" or not tokens[first].text[0].isupper():
        return False
    token, following = tokens[first], tokens[first + 1]
    third = reading(token.lower, "s")
    if third is not None and not is_name(token.text):
        if following.tag == "det":
            return True
        noun = third.base in NOUN_LIKE or (following.lower != "that" and third.base not in _PREDICATING)
        return not noun and (following.tag in _BEHIND_VERB or following.lower in {"whether", "how"})
    done = reading(token.lower, "n") is not None and token.lower.endswith(("ed", "en", "t"))
    if not done or reading(token.lower, "b") is not None:
        return False
    # "Used to light a lamp." has no other verb; "Used lamps are collected" has.
    return following.tag in ("to", "prep", "det", "quoted", "sub") or following.lower in {"by", "when", "internally"}


_BEHIND_VERB = ("rel", "quoted", "word", "adv", "num", "to")
_PREDICATING = frozenset(
    """
    provide create specify contain ensure indicate allow enable send determine assert define describe represent remove
    add include combine reject accept convert generate initialize implement perform execute retrieve require
    """.split()
)

"""Tokens of an English sentence and the closed word classes that hold its grammar together."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, readings

BE = frozenset("is are was were isn't aren't wasn't weren't isn’t aren’t wasn’t weren’t".split())
HAVE = frozenset("has have had hasn't haven't hadn't".split())
DO = frozenset("does do did doesn't don't didn't doesn’t don’t didn’t".split())
MODAL = frozenset(
    "can could may might must shall should will would cannot can't couldn't mustn't shouldn't won't wouldn't "
    "can’t couldn’t mustn’t shouldn’t won’t wouldn’t".split()
)
DETERMINERS = frozenset(
    "a an the each every either neither some any no all both many much few several most more less fewer another "
    "such this that these those my your our their his her its enough half what which whose".split()
)
PRONOUNS = frozenset(
    """
    i you he she it we they me him us them this that these those there here one ones himself herself itself themselves
    yourself ourselves mine yours ours theirs everything something nothing anything everyone someone anyone nobody
    none others each all some many most both
    """.split()
)
PREPOSITIONS = frozenset(
    """
    about above across after against along alongside among amongst around at before behind below beneath beside
    besides between beyond by concerning despite down during except for from in inside into like near of off on onto
    out outside over past per regarding since through throughout till to toward towards under underneath until unlike
    up upon via with within without versus vs amid as than plus minus
    """.split()
)
COORDINATORS = frozenset("and or but nor yet so".split())
SUBORDINATORS = frozenset(
    """
    because although though while whereas if unless when whenever where wherever until once since after before as than
    whether lest provided
    """.split()
)
RELATIVES = frozenset("that which who whom whose where when why how what".split())
ADVERBS = frozenset(
    "not never always often usually sometimes rarely seldom also only just still already even ever now then thus hence "
    "therefore however too very quite rather almost nearly mainly mostly largely typically generally normally commonly "
    "frequently again once twice together instead soon later earlier well far much more most less least better best "
    "perhaps maybe indeed further otherwise simply merely actually currently today yesterday tomorrow there here away "
    "back directly easily quickly slowly automatically sooner hardly".split()
)
NUMBER_WORDS = frozenset(
    """
    zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen
    dozens hundreds thousands millions billions
    """.split()
)
MONTHS = frozenset("january february march april may june july august september october november december".split())
PLURALS = frozenset(
    """
    people children men women mice teeth feet geese data bacteria criteria media phenomena cattle fish police fungi
    larvae algae nuclei stimuli
    """.split()
)
_SINGULAR_S = ("ss", "us", "is", "ics")
_NOT_PLURAL = frozenset(
    "gas lens series species means news bus atlas canvas bias alias chaos process access always perhaps across".split()
)

_TOKEN = re.compile(
    r"``[^`]{1,80}``|`[^`]{1,80}`|\"[^\"]{1,80}\"|“[^“”]{1,80}”|'[A-Za-z][^']{0,40}'(?=[\s,.;:])"
    r"|\w[\w.:]*\([\w,.*$-]{0,24}\)|\d+(?:,\d+)+(?:\.\d+)*%?(?![\w-])|[-/]{0,2}\w[\w'’./_:@+&%*~#=<>$-]*\w(?:\(\))?%?\+*|[-/]{0,2}\w%?\+*|/|[^\w\s]"
)


class Token(NamedTuple):
    text: str
    lower: str
    start: int
    end: int
    tag: str


# A sentence is read several times over while its questions are made.
@lru_cache(maxsize=512)
def tokens(text: str) -> tuple[Token, ...]:
    """Tags: be have do modal det pron prep conj sub rel adv num punct to quoted word. A word may also be a verb."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        token = _token(match[0], match.start())
        if token.lower == "that" and (not found or found[-1].tag in ("prep", "to")):
            token = token._replace(tag="det")
        if token.lower == "once" and found and found[-1].lower in {"least", "only", "than"}:
            token = token._replace(tag="adv")
        found.append(token)
    return tuple(_keyword(found, place) for place in range(len(found)))


# Capital letters that only shout: "MUST NOT be", "either this OR that".
_SHOUTED = frozenset("must should shall may can will not never only and or but no all any if is are do does".split())
_KEYWORDED = frozenset("clause clauses keyword keywords operator operators statement statements command term".split())


def _keyword(found: Sequence[Token], place: int) -> Token:
    """``WHERE``, ``ORDER BY``, ``NOT NULL``: function words that name a part of a language are nouns."""
    token = found[place]
    if token.tag in ("word", "quoted", "num", "punct") or not token.text.isupper() or len(token.text) < 2:
        return token
    near = (*found[max(0, place - 1) : place], *found[place + 1 : place + 2])
    named = any(other.lower in _KEYWORDED for other in found[place + 1 : place + 3])
    beside = any(other.text.isupper() and len(other.text) > 1 and other.lower not in _SHOUTED for other in near)
    if token.lower in _SHOUTED and not (named or beside):
        return token
    return token._replace(tag="word", lower=token.text)


def _token(text: str, start: int) -> Token:
    lower = text.lower()
    tag = "word" if text in {"US", "IT", "WHO"} else _tag(text, lower)
    # "VACUUM" is a name, whatever "vacuum" may be: it must not be found among the verbs.
    shouted = tag == "word" and len(text) > 1 and text.isupper()
    return Token(text, text if shouted else lower, start, start + len(text), tag)


def _tag(text: str, lower: str) -> str:
    if text[0] in "`\"“'" and len(text) > 1:
        return "quoted"
    if not any(char.isalnum() for char in text):
        return "punct"
    closed = _TAGS.get(lower)
    if closed is not None:
        return closed
    if text[0].isdigit():
        return "num"
    if lower.endswith("ly") and len(lower) > 4 and lower not in _LY_NOUNS and not readings(lower):
        return "adv"
    return "word"


_LY_NOUNS = frozenset(
    "family assembly anomaly butterfly supply monopoly early daily only likely friendly italy july fly jelly".split()
)
_CLASSES: tuple[tuple[str, frozenset[str]], ...] = (
    ("be", BE),
    ("have", HAVE),
    ("do", DO),
    ("modal", MODAL),
    ("to", frozenset({"to"})),
    ("rel", frozenset("that which who whom whose".split())),
    ("wh", frozenset("what how why".split())),
    (
        "sub",
        frozenset(
            """
    because although though while whereas if unless when whenever where wherever until once whether lest
    """.split()
        ),
    ),
    ("conj", COORDINATORS),
    ("det", DETERMINERS - {"that", "which", "whose", "what", "this", "these", "those"}),
    ("num", NUMBER_WORDS | {"one"}),
    ("pron", PRONOUNS),
    ("prep", PREPOSITIONS),
    ("adv", ADVERBS),
)
# The first class that holds a word decides.
_TAGS = {word: tag for tag, words in reversed(_CLASSES) for word in words}


def is_function_word(word: str) -> bool:
    return word.lower() in _TAGS


def is_plural(word: str) -> bool:
    lower = word.lower()
    if lower in PLURALS:
        return True
    return (
        lower.endswith("s")
        and len(lower) > 3
        and not lower.endswith(_SINGULAR_S)
        and lower not in _NOT_PLURAL
        and not word.isupper()
        and "'" not in lower
        and "’" not in lower
    )


def is_name(text: str) -> bool:
    """A word whose capital letter is its own: acronym, mixed case, digits, a path, quoted text."""
    if not text[:1].isalpha():
        return True
    return sum(char.isupper() for char in text) > 1 or any(char.isdigit() for char in text) or text in {"I"}


def is_common(word: str) -> bool:
    """Whether a capitalised first word is an ordinary word, so that it is written small inside a sentence."""
    lower = word.lower()
    base = lower.rstrip("s")
    return (
        lower in _TAGS
        or lower in COMMON
        or base in COMMON
        or (lower.endswith("ies") and lower[:-3] + "y" in COMMON)
        or (lower.endswith("es") and lower[:-2] in COMMON)
        or (bool(readings(lower)) and lower not in NAMES)
        or (base in NOUN_LIKE)
        or (len(lower) > 6 and lower.endswith(_COMMON_ENDINGS))
        or ("-" in word and word[0].isupper() and word[1:].islower())
    )


NAMES = frozenset("may march august bill mark will rob bob frank grant".split())
_COMMON_ENDINGS = (
    "tion", "tions", "ment", "ments", "ness", "ities", "ity", "ing", "ings", "ism", "isms", "ology", "sis", "ance",
    "ances", "ence", "ences", "ship", "ware", "able", "ible", "ical", "less", "ful", "ous", "ers", "ors", "ial",
    "ally", "ably",
    "ssion", "sion", "sions", "ives", "ate", "ates", "ants", "ents", "graphy", "logy", "metry",
)  # fmt: skip
COMMON = frozenset(
    """
    acid adult age agent air algorithm amount angle animal ant apple application area arm array art artery article
    artist atom attribute author autumn average axis baby background bacteria bacterium bag baker ball band bank bar
    bark barley barn barrel basin basket bat bath battery bay beach beam bean bear bed bee beech beer beetle behaviour
    behavior bell belly belt big bird bit black blade blood blue board boat body bone book boot bottle bottom bowl box
    boy brain brake bread breath breeze brewer brick bright broad bronze brown browser bubble bud buffer bug bulb
    butter butterfly button byte cable cake calcium camera canal candle canvas capital car carbon card carpet cart
    castle cat cathode cattle cave cell cement centre center century cereal chain chair chalk chamber channel
    character charcoal cheap cheese chemical chemistry chest chicken child children chip church circle circuit city
    class clay clean clear client cliff climate clock cloth clothes cloud club clue coal coarse coast coat code coffee
    coil coin cold collar colony color colour column compass compiler component compound computer concrete condition
    cone configuration consumer content context cook copper coral cord core corn corner cost cotton country county
    courtyard cow craft cream crop crowd crown crust crystal cup current curve custom customer cylinder dam danger
    dark data database dawn day dead debt deep deer degree density depth desert detail developer device diameter diet
    difference different digit dirt disease dish disk distance distribution district doctor dog domain door dough dry
    dust ear early earth earthworm east edge effect egg elastic electric electron element elephant energy engine
    engineer entry enzyme equation error estuary evening event evidence example exception expression eye fabric fact
    factor factory family farm farmer fast fat father feather fee fence fern fertile fibre fiber field fig figure file
    filesystem finger fine first fish flame flat flavour flavor flesh flexible flight flour flower fluid foam fog food
    foot forest fork fossil fox fraction fresh friction frog frost fruit fuel full function fungus fungi fur gap
    garden garlic gas gate gear gene general giant girl glacier gland glass glue goal goat gold good grain granite
    grape graph grass gravel gravity gray green grey ground gut habit habitat hair half hall hammer hand hard hardware
    harbour hay head heart heavy hedge height helium hen herb herd hidden high hill hive hole home honey honeybee
    hormone horn horse hospital hot hour house human humid hydrogen ice idea image important individual industry
    infant ink input insect inside interface internet iron island jar jelly joint journal juice kernel key kidney king
    kitchen knife knot laboratory ladder lake lamp language larva large larvae laser late lava law layer leader leaf
    leather leaves left leg lens lesson letter level lever library lid life lighthouse lime limestone liquid literal
    little liver local long loss loud low lung machine magnet main maker man manual manuscript map marble margin
    marine market mass master material mathematics matter meal meat mechanism medicine medium member membrane memory
    men mercury message metal meter method metre microbe middle mild milk mill mind mine mineral minute mirror mist
    mixture modern module moist moisture molecule money month moon morning moss moth mother motion motor mountain
    mouse mouth mud muscle museum mushroom music narrow nation native natural near neck nectar needle nerve nest
    network neuron neutron new night nitrogen node noise normal north nose nucleus number nurse nut oak object ocean
    oil old olive operator option orange ore organ organism origin output oven owner oxygen page pain palm paper
    parameter parent park part particle party passenger past paste path patient pattern pedal pen pepper performance
    period person pest petal phase phone photon physician physics piece pigment pine pipe planet plankton plant
    plastic plate platform player pocket poem poet point pole pollen pollinator pond poor popular population pore port
    potato powder power predator pressure prey price primary problem processor product program programmer project
    property protein proton protocol public pulse pure purpose quality quantity quartz queen quick radio rail railway
    rain random rat raw ray reader reason receptor recent recipe red reef region regular relational remote researcher
    resin resource result rib rice rich right ring river road rock rocket rod roof room root rope rose rough round row
    rubber rural rye safe sailor salt sand sap satellite scale school science scientist screen script sea season
    seaweed second secret section sediment seed selective sentence sequence serious server session shadow shaft
    shallow sharp sheep sheet shell shepherd shore short shoulder shrub sick side signal silica silicon silk silver
    similar simple single skill skin sky sleep slope slow small smart smell smoke snake snow soap society soft
    software soil solar soldier solid solution soup sour source south soy space spark special species spectrum speech
    speed spice spider spine spinal spring square stage stalk standard star starch starter statement static steam
    steel stem stomach stone storm straw stream street string strong structure student subdirectory subject sugar
    sulphur sulfur summer sun surface sweet swift symptom syntax system table tail tank tap tea teacher technical
    technique technology teeth telescope temperature temporary tendon term thermal thick thin third thread throat tide
    timber time tin tissue tobacco tomato tongue tool top tourist tower town toxin trader traditional transaction
    treatment tree triangle tribe tropical truck trunk tube tunnel turbine twin typical tyre unit upper urban urine
    user valley valve vapour vapor variable vector vegetable vehicle vein velocity venom verb version vertical vessel
    veteran village vinegar virtual virus viruses vitamin voice volcano voltage volume wage wall war warm warning
    water watt wave wax weak weather weed weight west wet whale wheat wheel white whole wide wild wind window wine
    wing winter wire wolf woman women wood woodland wool word worker world worm wound yeast year yellow young zinc
    ripe raw finished untreated healthy stale sour sticky salty bitter hollow curved rare bright steep tiny huge vast
    remote rural certain various numerous other additional extra further overall initial final major minor key basic
    common multiple exclusive dynamic separate auxiliary boundary undefined rollback semantics frequent possible proper
    missing unused broken special optional required recommended advanced automatic manual internal external safe atomic
    partial total strict prior everyday useful careful quick simple complex entire total equal clear wooden metallic
    several early older newer larger smaller higher lower greater deeper heavier lighter thicker both neither
    """.split()
)  # fmt: skip

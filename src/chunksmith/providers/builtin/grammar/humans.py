"""Words for persons: what people are called, and their given names."""

HUMAN = frozenset(
    """
    user developer administrator maintainer farmer sailor scientist author reader person people programmer engineer
    doctor patient student teacher king queen baker keeper beekeeper gardener researcher chemist physicist astronomer
    explorer inventor monk merchant soldier fisherman fishermen women men woman man child children builder worker
    navigator pilot visitor owner customer member physician surgeon nurse writer potter weaver traveller traveler
    individual botanist biologist geologist vendor team porter sponsor translator member uploader submitter contributor
    manager leader expert officer chairman director duke prince emperor pope priest bishop captain mayor judge lawyer
    tenant landlord seller buyer refugee reporter spokeswoman spokesman councillor minister president teacher witness
    employer employee creditor debtor guardian heir tribunal nobleman knight admiral general lieutenant sergeant doge
    haulier crew mate neighbour neighbor widow mother father brother sister son daughter nephew niece uncle aunt
    volunteer biochemist pathologist archaeologist economist historian philosopher poet composer painter musician singer
    actor actress architect surveyor mathematician politician journalist novelist policeman policewoman nurse lecturer
    professor colleague assistant founder predecessor successor wife husband cousin grandfather grandmother
    shopkeeper baker banker lorry-driver driver criminal prisoner orphan widower chancellor senator countess
    """.split()
)  # fmt: skip


TITLES = frozenset(
    """
    captain doctor dr mr mrs ms miss sir lord lady king queen prince princess saint president mayor professor general
    colonel major admiral bishop pope emperor father sister brother uncle aunt judge inspector count countess baron
    chancellor senator
    """.split()
)

MEN = frozenset(
    """
    adam adolf alan albert alex alexander alfred andreas andrew anthony antoine antonio arthur ben benjamin
    bernard bill bob bruno carl carlos charles chris christiaan christopher claude daniel david dennis edmund
    edward emil enrico eric erik ernest erwin ferdinand fernando francis franz fred frederick friedrich fritz
    galileo geoffrey george gerald gregor gustav hans harold harry heinrich henri henry herbert hermann howard
    hugo igor isaac ivan jack jacques james jan jean jens jeremy jim joe johann johannes john jonas jorge jose
    josef joseph juan julian julius karl ken konrad lars leon leonard leonardo linus louis ludwig luigi marc
    marcel marco mario martin matthew max michael miguel mike nicholas nick nicolaus niels nikola norman oliver
    oscar oskar otto patrick paul pedro peter philip pierre ralph richard robert roger ronald rudolf sam samuel
    sigmund simon stefan stephen steve steven theodor theodore thomas tim tom tycho victor vincent vladimir
    walter werner wilhelm william wolfgang yuri
    """.split()
)  # fmt: skip
WOMEN = frozenset(
    """
    ada agnes alice amelia anna anne barbara beatrice camilla caroline catherine charlotte christine clara
    claudia dorothy edith eleanor elena elisabeth elizabeth ellen emily emma emmy erika eva florence gertrude
    grace greta hannah harriet helen helena ida ines ingrid irene isabel isabella jane jennifer johanna julia
    karen katharina katherine laura lena lise louise lucy margaret maria marianne marie martha mary mileva nina
    olga rachel rebecca rosa rosalind rosie ruth sarah sofia sophia sophie susan sylvia teresa ursula valentina
    vera victoria virginia
    """.split()
)  # fmt: skip
GIVEN = MEN | WOMEN
_MALE = frozenset(
    "king duke prince emperor pope priest monk father brother son nephew uncle husband widower man boy policeman mr "
    "sir lord count baron spokesman chairman grandfather nobleman fisherman".split()
)
_FEMALE = frozenset(
    "queen duchess princess mother sister daughter niece aunt wife widow woman girl nun mrs ms miss lady countess "
    "policewoman spokeswoman actress grandmother empress".split()
)
_ENDINGS = ("ologist", "ographer", "ician", "emist", "omist", "onomer")


def is_human(word: str) -> bool:
    """``engineer``, ``engineers``, ``pathologist``"""
    bare = word.lower()
    return bare in HUMAN or bare.removesuffix("s") in HUMAN or bare.removesuffix("s").endswith(_ENDINGS)


def gender_of(word: str) -> str:
    """``he`` or ``she`` for a given name, a title or a noun that tells; empty otherwise."""
    bare = word.lower().strip(".")
    return "he" if bare in MEN | _MALE else "she" if bare in WOMEN | _FEMALE else ""

"""English verbs and their forms, enough of them to find the main verb of an ordinary sentence."""

from typing import NamedTuple

_REGULAR = """
abolish abstain accuse administer aggravate alleviate amend besiege bury conquer criticise deduct demolish enact insist
insure marry oblige perish plunder ratify reap repay starve stroll testify unearth vote laugh march rescue reign smile
abandon absorb accelerate accept access accompany accomplish account accumulate achieve acknowledge acquire act
activate adapt add address adhere adjust admit adopt advance advertise advise affect afford aggregate agree aid aim
alert align allocate allow alter amount analyse analyze anchor announce answer anticipate appear append apply
appoint appreciate approach approve argue arrange arrive ask assemble assert assess assign assist associate assume
assure attach attack attain attempt attend attract authenticate author authorize automate avoid await award back
balance ban base behave belong bend benefit block boil boost border borrow bother bounce branch breathe bridge
broadcast browse build bundle burn bypass cache calculate call cancel capture care carry carve cascade cast cause
cease celebrate change characterize charge chart check choke circulate cite claim clarify clash classify clean clear
click climb clone close coexist collapse collect collide combine comment commission commit communicate compare
compensate compete compile complain complement complete comply compose compress comprise compute conceal concentrate
concern conclude condense conduct configure confirm conflict conform confuse connect conserve consider consist
constitute constrain construct consult consume contact contain continue contract contradict contrast contribute
control convene converge convert convey convince cook cool cooperate coordinate cope copy correct correlate
correspond corrupt count couple cover crack crash create credit criticize cross crush crystallize cultivate cure
customize cycle damage date deactivate deal debug decay decide declare decline decode decompose decorate decrease
dedicate deduce defeat defend defer define degrade delay delegate delete deliver demand demonstrate denote deny
depart depend depict deploy deposit deprecate derive descend describe deserve design designate desire destroy detach
detect deteriorate determine develop devise devote diagnose dictate die differ differentiate diffuse digest dilute
diminish direct disable disagree disallow disappear discard discharge disclose discourage discover discuss dismiss
display dispose disrupt dissolve distinguish distort distribute disturb diverge divert divide document dominate
donate double download draft drain drift drop dry dump duplicate earn ease edit educate elect eliminate embed embody
embrace emerge emit emphasize employ empty emulate enable enclose encode encounter encourage encrypt end endorse
enforce engage enhance enjoy enlarge ensure entail enter entitle enumerate equal equip erase erode escape establish
estimate evaluate evaporate evict evolve examine exceed exchange exclude execute exercise exert exhaust exhibit
exist exit expand expect experience expire explain exploit explore export expose express extend extract face
facilitate fail favor favour feature fetch fill filter finalize finance finish fire fit fix flag flash flatten float
flood flourish flow flush focus fold follow force forecast foresee form formulate forward foster found frame free
function fund fuse gain gather generate germinate govern grant greet grind group guarantee guard guide halt handle
happen harden harm harvest hash heat help hesitate highlight hinder hire host house hover hunt identify ignore
illuminate illustrate imagine imitate implement imply import impose impress improve include incorporate increase
incur index indicate induce infect infer influence inform inhabit inherit inhibit initialize initiate inject injure
insert inspect inspire install instruct insulate integrate intend interact intercept interest interfere interpret
interrupt intersect introduce invade invent invest investigate invite invoke involve isolate issue iterate join joke
judge jump justify kick kill knock label lack land last launch leak learn leave lend license lie lift lighten like
limit line link list listen live load locate lock log look loop lower lubricate maintain manage manifest manipulate
manufacture map mark market mask match mate mature maximize measure melt mention merge migrate mimic minimize mirror
miss mitigate mix model moderate modify monitor mount move multiply name narrow navigate need neglect negotiate nest
neutralize nominate normalize note notice notify number obey object obscure observe obtain occupy occur offer omit
open operate oppose optimize orbit order organise organize originate oscillate outline output outweigh overflow
overlap overlook override owe own pack package paint parse participate pass patch pause peak peel penetrate perceive
perform permit perpetuate persist persuade pick pile pin place plan plant play plot point poison polish poll
pollinate pollute populate portray pose position possess post postpone pour power practice practise precede
precipitate predict prefer prefix prepare prescribe present preserve press presume prevail prevent print process
proclaim procure produce profile program progress prohibit project prolong promise promote prompt propagate propose
protect protest prove provide publish pull pump punish purchase purge purify push qualify quantify query question
queue quote raise range rank rate reach react realise realize rearrange receive recite recognise recognize recommend
reconcile reconstruct record recover recruit recur recycle redirect reduce refer refine reflect refresh refuse
regard regenerate register regulate reinforce reject relate relax release relieve relocate rely remain remember
remind remove rename render renew repair repeat repel replace replicate reply report represent reproduce request
require resemble reserve reset reside resist resolve respect respond rest restart restore restrict result resume
retain retire retrieve retry return reuse reveal reverse review revise revoke reward rinse ripen roast rob roll
rotate round rule rush sacrifice sample satisfy save scale scan scatter schedule score scrape screen scroll seal search
secrete secure seek select separate serialize serve service settle shape share shelter shift ship shorten show
shrink sign signal signify simplify simulate skip slice slow smooth snap soak soften solve sort sound source span
spawn specialize specify speculate spill split spoil sponsor spot spray stabilize stack stage stain standardize
start state stay steer stem stimulate stir stop store strain stream strengthen stress stretch strip structure
struggle study submit subscribe subtract succeed suffer suffice suggest suit sum summarize supersede supervise
supplement supply support suppress surface surpass surround survive suspect suspend sustain swallow switch symbolize
synchronize synthesize tackle tag talk target taste teach tend terminate test thank thicken threaten throttle tie
tighten tolerate touch trace track trade trail train transfer transform translate transmit transport trap travel
traverse treat trigger trim truncate trust try tune turn type undergo underlie undermine unify unite unlock unpack
update upgrade uphold upload urge use utilize validate value vanish vary verify view violate visit visualize wait
walk want warm warn warrant wash waste watch weaken weigh welcome widen wish withstand witness wonder work worry
wrap yield zoom seem abort shiver shudder flutter hum buzz chew gnaw spit archive backport bootstrap boot checkpoint
chain collate commence configure debate delimit derail dissipate email encapsulate encrypt evoke exploit factor
figure file flip format fuzz honor honour hijack increment decrement initialise instrument interleave invalidate
juxtapose mutate navigate network normalise orphan page parameterize port proceed preclude prototype reassign
recompile reference reintroduce reopen revert salvage script seed settle shard spool spell stall substitute suppose
sync title tokenize total ping unindex upset vacuum zero refactor compact deduplicate assimilate ferment
knead mow prune weld forge hammer rust steep brew distil distill irrigate fertilize compost graft hibernate migrate
photosynthesize oxidize oxidise ionize evolve colonize colonise nourish excrete inhale exhale pulse beat moult molt
camouflage prey forage shelter sprout wither bloom flower absorb secrete clot inoculate immunize vaccinate magnify
refract polarize amplify modulate rectify magnetize induct resonate orbit eclipse gravitate radiate emit corrode
calibrate tabulate annotate alphabetize bind rebind engrave etch varnish glaze weave spin
dye embroider knit sew stitch hem thread moor anchor dredge silt erode meander flood quarry excavate restore
strive deem opt detail overload escalate concatenate rollback discontinue obfuscate believe fulfil fulfill inflate
mistype utilise collaborate disapprove accommodate expedite seize amortize impede comprehend annoy dispatch refrain
forego defragment malfunction rely hope bump buffer dispose abide accrue allege appeal arouse ascertain assert attest
bypass coerce coincide compile conceive confine conjure contend cram curb debug deem default deflect denote deprive
detain diagnose discern disclose displace distract dwell elapse embark empower endanger endure entitle equate evoke
exemplify exhibit extend fasten foster grasp hamper heed impair imprint incite inflict instantiate intersect intervene
jeopardize linger materialize mediate memorize mislead nurture oversee parallel pertain plunge ponder preempt prioritize
prosper provoke quote reclaim reconsider refute reinstall reiterate relinquish remedy reside revolve scrutinize simplify
solidify subdue subsidize substantiate supplant surrender sustain tamper thrive transcend undermine vacate vouch wield
dissect renovate blink beam sweep rotate dip tilt hoist lash furl reef tack steer row paddle brace rivet
"""

# Rarer verbs, which two dictionaries (lemminflect and the lexicon of textblob, both MIT) know as nothing but verbs.
_NEVER_NOUNS = """
abate abet abhor abound abridge abrogate absolve accede accentuate accost accustom acquaint acquiesce acquit actuate
adjoin adjourn adjudge admire admonish adore adorn adulterate aerate affirm afflict agitate agonize alienate allay
allot allude amalgamate amass amaze amble amuse anoint apologize appall appease applaud apportion appraise apprehend
arbitrate arraign arrogate ascend ascribe aspire assail assassinate assuage astound augment avert awaken backpedal
banish bask bawl beautify beckon bedevil befit befriend befuddle beg beguile belittle bemoan bequeath besmirch bestow
betray bewilder bewitch blab bludgeon blurt bode bombard brandish brighten broach broaden budge bulldoze bungle
burgeon burnish cannibalize capitalize careen castigate categorize cater cede centralize certify chastise cheapen
cherish chide chime chomp christen circumvent civilize cleanse clench clobber clothe coalesce coax coddle codify
collude commandeer commemorate commend commercialize commiserate commute compel complicate comport computerize concede
concoct concur condemn condone confer confess confide confiscate confound confront congeal congratulate congregate
connote consign consolidate conspire construe contaminate contemplate contrive corroborate counteract covet cower
crave cremate cringe crucify culminate curtail dabble dampen dangle darken daunt dawdle deafen debunk decant deceive
decelerate decentralize decimate decipher decry deepen deface deflate defraud defray defuse defy dehumanize delineate
delude delve demean demobilize democratize demoralize demur denounce denude deplete deplore deport depose depreciate
depress deregulate deride desecrate desegregate desist despise despoil destabilize deter detest detonate detract
devalue devastate deviate devour dicker dignify dilate dine disappoint disarm disassemble disassociate disband
disbelieve disburse disclaim discolor disconnect disembark disengage disentangle dishearten disintegrate dislodge
dismantle dismember dismount disobey disown disparage dispel dispense displease disqualify disseminate dissociate
dissuade dither diversify divest divulge douse downplay downsize dramatize drawl drool drown dub dunk dwindle earmark
economize eject eke elevate elicit elongate elude emanate emancipate emasculate embarrass embellish embezzle emigrate
emote encamp encase enchant encircle encompass encroach encumber endow energize engender engulf enjoin enlighten
enlist enliven enrich enroll enshroud enslave ensnare ensue entertain entice entreat entrench entrust enunciate
envelop envisage envision epitomize eradicate err erupt eschew espouse eulogize evacuate evade eviscerate exacerbate
exaggerate exalt exasperate excel excite exclaim excoriate exhort exonerate expel expend explode expound expunge
extenuate exterminate extinguish extirpate extol extort extradite extrapolate extrude exude exult fabricate fade
falsify falter fantasize fascinate fatten fend fester fizzle flatter flaunt flinch flit flog flout fluctuate flunk
foment foreclose foreshadow foreshorten forestall formalize fortify fraternize frighten frustrate fulminate fumble
furnish galvanize garner gesticulate glamorize glean glisten gloat glorify glower gnash grapple gratify grieve grovel
guzzle gyrate haggle halve handcuff harass harry hasten heal heighten hobble homogenize humanize humiliate hunker hurl
hurtle hustle hypothesize ignite illumine imbibe impale impart impel imperil impersonate impinge implicate implore
impound imprison improvise impugn impute inaugurate incarcerate incubate indemnify indict indulge industrialize infest
inflect infringe infuriate infuse ingest innovate inquire insinuate instigate instill intensify intercede interject
interlace internationalize interpose interrogate intersperse intertwine intimidate intone intrude inundate inure
invigorate irk irritate itemize jettison jog jostle juggle kidnap kindle lacerate lambast lambaste languish launder
legalize legislate legitimize lengthen lessen liberalize liberate liken liquefy liquidate litigate loathe loosen
lounge lug lurk lynch maltreat marinate matriculate maul meddle meditate meld metabolize militate mingle misapply
misappropriate mishandle misinterpret mismanage misplace misquote misrepresent misstate mobilize modernize moisten
molest mollify monopolize motivate mourn mull mumble munch muster mutilate nab nationalize necessitate negate nod
nullify obliterate obsess obstruct offend officiate opine orchestrate ordain oust outclass outdistance outlast outlive
outmaneuver outnumber outperform outrank outstrip overburden overcook overemphasize overestimate overextend overheat
overpower overreact overrule overshadow overstate overturn overwhelm pacify pamper paralyze pare patronize pave peddle
penalize permeate perpetrate persecute persevere personalize personify peruse pervade pester philosophize pierce
placate plagiarize plead plod poach politicize popularize portend preach predispose predominate prejudge preoccupy
preside presuppose privatize procrastinate profess proliferate promulgate pronounce propagandize propel prophesy
prorate proscribe prosecute protrude pry publicize pulsate pulverize pursue quash quicken rankle ransack rationalize
ravage raze readjust readmit reaffirm realign reallocate reappear reapportion reappraise reassemble reassert reassess
reassure reawaken rebut recede reciprocate reckon recollect reconstitute reconvene recoup recreate recuperate
redecorate rededicate redeem redefine rediscover redistribute redouble redound reexamine refinance refocus refurbish
regain regroup regurgitate rehabilitate rehearse reimburse reinstate reinterpret reinvent reinvest rejoice rejoin
rejuvenate rekindle relegate relent relive remarry reminisce remit remodel remonstrate renege renegotiate renounce
reorganize repackage repatriate rephrase replenish repress repudiate reroute reschedule rescind resent resettle resign
restate restrain restructure resubmit resurrect resuscitate retaliate retard retool retrace retract retrain retreat
reunite revamp reverberate revisit revitalize revive revolutionize rhapsodize rile roam roil romanticize rouse rove
ruminate sanitize scamper scandalize scoot scrimp scrounge sculpt secede seclude seduce seep seethe segregate
sensitize sever shamble sharpen shatter shelve shirk shortchange shrivel shun sidle sift sizzle skim skyrocket slacken
sleepwalk slither slosh smuggle soar socialize solicit soothe spew spurn squander stagnate stash sterilize stiffen
stifle stipulate straddle straggle straighten strangle streamline subjugate submerge subside subvert succumb suck sue
suffocate suffuse sulk summon superimpose surmount sweeten sympathize systematize tantalize tease teem teeter
temporize tempt terrify terrorize theorize thrash topple tote toughen traduce trample transact transcribe transpire
trivialize trundle typify uncover underpin underrate understate undervalue undress undulate unfold unlace unleash
unload unmask unnerve unravel unroll unscrew unseal unseat unsheathe untie unveil uproot usurp vacillate veer
ventilate vex vibrate victimize vie vilify vindicate vitiate vivify wade waive waken wander wane waver wean wed whiten
whittle worsen wrack wrangle wreak wrest wrestle writhe yearn
"""

# base past participle; a lone base is the same in all three.
_IRREGULAR = """
arise arose arisen|awake awoke awoken|bear bore borne|beat beat beaten|become became become|begin began begun
bend bent bent|bind bound bound|bite bit bitten|bleed bled bled|blow blew blown|break broke broken|breed bred bred
bring brought brought|build built built|burst|buy bought bought|cast|broadcast|forecast|catch caught caught
choose chose chosen|cling clung clung|come came come|cost|creep crept crept|cut|deal dealt dealt|dig dug dug
draw drew drawn|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed fed|feel felt felt
fight fought fought|find found found|flee fled fled|fly flew flown|forbid forbade forbidden|foresee foresaw foreseen
forget forgot forgotten|freeze froze frozen|get got got|give gave given|go went gone|grind ground ground
grow grew grown|hang hung hung|hear heard heard|hide hid hidden|hit|hold held held|hurt|keep kept kept
know knew known|lay laid laid|lead led led|leave left left|lend lent lent|let|lie lay lain|light lit lit
lose lost lost|make made made|mean meant meant|meet met met|overcome overcame overcome|override overrode overridden
overwrite overwrote overwritten|pay paid paid|put|quit|read|rebuild rebuilt rebuilt|reset|rewrite rewrote rewritten
ride rode ridden|ring rang rung|rise rose risen|run ran run|say said said|see saw seen|seek sought sought
sell sold sold|send sent sent|set|shake shook shaken|shed|shine shone shone|shoot shot shot|shrink shrank shrunk
shut|sing sang sung|sink sank sunk|sit sat sat|sleep slept slept|slide slid slid|sow sowed sown|speak spoke spoken
speed sped sped|spend spent spent|spin spun spun|split|spread|spring sprang sprung|stand stood stood
steal stole stolen|stick stuck stuck|strike struck struck|sweep swept swept|swell swelled swollen|swim swam swum
swing swung swung|take took taken|teach taught taught|tear tore torn|tell told told|think thought thought
throw threw thrown|undergo underwent undergone|underlie underlay underlain|understand understood understood
undo undid undone|uphold upheld upheld|wake woke woken|wear wore worn|weave wove woven|win won won|wind wound wound
do did done
withdraw withdrew withdrawn|withstand withstood withstood|write wrote written|show showed shown|prove proved proven
befall befell befallen|beget begot begotten|beset|bespeak bespoke bespoken|bless blessed blessed
browbeat browbeat browbeaten|disprove disproved disproven|forgive forgave forgiven|forgo forwent forgone
forsake forsook forsaken|forswear forswore forsworn|hew hewed hewn|interweave interwove interwoven|kneel knelt knelt
misunderstand misunderstood misunderstood|outbid|outdo outdid outdone|outgrow outgrew outgrown
outshine outshone outshone|overdo overdid overdone|overhear overheard overheard|overpay overpaid overpaid
overtake overtook overtaken|partake partook partaken|prepay prepaid prepaid|proofread|resell resold resold
retell retold retold|swear swore sworn|typecast|undertake undertook undertaken|underwrite underwrote underwritten
weep wept wept|withhold withheld withheld
"""

_DOUBLED = frozenset(
    """
    ban commit control cut defer drop embed equip fit flag get incur infer occur omit permit pin plan plot prefer put
    refer regret run scan ship shut sit skip snap spin split spot stem step stir stop strip submit swim tag transfer
    trap trim wrap begin forget let log map set win hit dig quit spot program reset recur rob step rebel compel excel
    propel repel abet abhor acquit allot befit beg blab concur confer demur deter dispel dub expel extol flit flog impel
    jog lug nab nod outstrip plod readmit rebut remit resubmit shun skim underpin wed
    """.split()
)

# Words whose base or -s form is far more often a noun; as a verb they need firmer signs.
NOUN_LIKE = frozenset(
    """
    vote laugh march rescue reign smile
    prefix suffix stick rollback leaves
    access account act aim answer approach attack attempt award back balance base benefit block border branch bridge
    bundle cache call care cause change charge chart check claim clash clone comment commission concern conflict
    contact contract contrast control copy count couple cover crack crash credit cure cycle damage date deal decay
    decline decrease defeat delay demand deposit design desire direct display document double download draft drain
    drift drop dump edit end escape estimate exchange exercise exit experience export express extract face feature
    filter fire fit fix flag flash float flood flow flush focus fold force form found frame free function fund gain
    group guarantee guard guide halt handle harm harvest hash heat help highlight host house hunt import increase
    index influence interest interrupt issue joke judge jump kick label lack land last launch lead leak license lift
    light like limit line link list live load lock log look loop lower map mark market mask match mate measure mirror
    mix model monitor mount move name need note notice number object offer open order outline output overlap own pack
    package paint pass patch pause peak pick pile pin place plan plant play plot point poison poll position post power
    practice present press print process produce profile program progress project promise protest pull pump purchase
    push query question queue quote range rank rate reach read record release repair repeat reply report request
    reserve reset respect rest result return reverse review reward rise roll round rule run rush sacrifice sample save
    scale scan schedule score screen scroll seal search secure separate service set shape share shelter shift ship show
    sign signal slice smooth sort sound source span spill split spot spray spread stack stage stain stand start state
    stay stem stop store strain stream stress stretch strip structure struggle study suit sum supplement supply support
    surface survey switch tag talk target taste test tie time touch trace track trade trail train transfer transport
    trap travel trigger trim trust try tune turn type update upgrade upload use value view visit wait walk want wash
    waste watch welcome win wind wish witness wonder work worry yield column table trigger drive bear break cast cost
    cut fall feed fight hold hit format file reference zero seed title version page port script archive figure total
    email chain beam row tack reef brace glaze thread prey forage bloom flower shelter hammer rust compost graft index
    dye hem sweep hit light ride ring shed shoot sleep slide speed spring stick strike sweep swing wear
    """.split()
)


class Form(NamedTuple):
    """One reading of a word as a verb. ``feature``: b(ase), s (third person), d (past), n (participle), g(erund)."""

    base: str
    feature: str


def third_person(base: str) -> str:
    special = {"have": "has", "be": "is"}
    if base in special or base.endswith(("do", "go")):
        return special.get(base, base + "es")
    if base.endswith(("s", "x", "z", "ch", "sh")):
        return base + "es"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ies"
    return base + "s"


def _regular_past(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ied"
    return base + base[-1] + "ed" if base in _DOUBLED else base + "ed"


def _gerund(base: str) -> str:
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")):
        return base[:-1] + "ing"
    return base + base[-1] + "ing" if base in _DOUBLED else base + "ing"


def _irregular() -> dict[str, list[str]]:
    rows = [row.split() for row in _IRREGULAR.replace("\n", "|").split("|") if row.strip()]
    return {row[0]: row if len(row) == 3 else [row[0]] * 3 for row in rows}


def _lexicon() -> tuple[dict[str, tuple[Form, ...]], dict[str, str]]:
    irregular = _irregular()
    forms: dict[str, list[Form]] = {}
    pasts: dict[str, str] = {}
    for base in sorted({*_REGULAR.split(), *_NEVER_NOUNS.split(), *irregular}):
        _, past, participle = irregular.get(base, [base, _regular_past(base), _regular_past(base)])
        pasts[base] = past
        spelled = ((base, "b"), (third_person(base), "s"), (past, "d"), (participle, "n"), (_gerund(base), "g"))
        for text, feature in spelled:
            forms.setdefault(text, []).append(Form(base, feature))
    return {text: tuple(readings) for text, readings in forms.items()}, pasts


_FORMS, _PASTS = _lexicon()


# "re" and a verb, but no verb that says to do it again.
_NO_REPETITION = frozenset(
    "resource research resort remark relay reform rebate recess recall refund remake relative recipe reason".split()
)


def readings(word: str) -> tuple[Form, ...]:
    known = _FORMS.get(word, ())
    if known or not word.startswith("re") or len(word) < 6 or word.removesuffix("s") in _NO_REPETITION:
        return known
    return tuple(Form("re" + form.base, form.feature) for form in _FORMS.get(word[2:].removeprefix("-"), ()))


def reading(word: str, features: str) -> Form | None:
    """The first reading of ``word`` with one of these features."""
    return next((form for form in readings(word) if form.feature in features), None)


def guess_base(word: str) -> str:
    """The base of a third person that is not in the list: ``aborts`` → ``abort``."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zzes")):
        return word[:-2]
    return word[:-1]


def past(base: str) -> str:
    special = {"have": "had", "do": "did", "be": "was"}
    return special.get(base) or _PASTS.get(base, _regular_past(base))

"""Words around an answer: what states it, confirms it, rules it out, joins it with another, takes it back.

All are matched against the lower-case text before or behind a mention of an option.
"""

import re

_ANSWER = (
    r"(?:answer|selection|pick|verdict|conclusion|classification|judge?ment|response|prediction|"
    r"antwort|lösung|respuesta|réponse|resposta|risposta|antwoord|odpowiedź|odpověď|cevap|yanıt|svar(?:et)?|vastaus|"
    r"ответ|відповідь|απάντηση|תשובה|הנכונה|الجواب|الإجابة|الاجابة|الصحيحة|उत्तर|คำตอบ|jawaban|đáp án|"
    r"答案|正解|答え|回答|答|選擇|选择|정답|답)"
)
# These name an option as well: ``Option A holds the DNA`` states nothing.
_CALLED = (
    r"(?:choice|option|label|letter|ans|solution|guess|correct|"
    r"(?:correct|right|best|true|most \w+) (?:statement|one|description|explanation|diagnosis))"
)
_TO_WHAT = r"(?: (?:to|for) (?:this|the|that|your|question|problem)(?: \w+){0,2}?)?"
_IS = (
    r"(?:is|was|are|be|would|should|must|will|can only|has to|seems|appears|to|ist|lautet|wäre|es|sería|est|serait|é|"
    r"seria|è|sarebbe|to jest|jest|je|är|er|on|adalah|là|هو|هي|है|คือ|是|为|為|應該|应该|就是|は|が|を|은|는|이|가|"
    r"=>|->|→|⇒|:|=|-|–|—|,)"
)
_FILLER = (
    r"(?:definitely|clearly|certainly|probably|possibly|likely|most|therefore|thus|indeed|simply|just|only|actually|"
    r"really|in fact|i think|i believe|the|an|option|choice|letter|answer|label|number|statement|опция|буква|вариант|"
    r"die|der|das|la|le|el|o|opción|opção|correct[ae]?|corretta|correta|richtige?|right|best|true|final|one|of)"
)
_OPENING = r"[\s\(\[\{<\"'“”‘’«»「『【（:]*"
# What may stand right before an answer that is stated. The texts are looked at in lower case.
STATES = re.compile(
    rf"(?:\b|(?<=[^\x00-\x7f])|^)(?:{_ANSWER}{_TO_WHAT}(?:\s*\([^()]*\))?|{_CALLED}\s*{_IS})"
    rf"(?:[\s,]*(?:{_IS}|{_FILLER}\b))*{_OPENING}$"
    r"|\b(?:i|we)(?:'d|'ll|'m| would| will| am going to| am| must| have to| shall| can only)?(?: \w+ly)?"
    r"(?: choose| pick| select| chose| picked| selected| go(?:ing)? (?:with|for)| went with| say| answer| opt(?:ing)? "
    r"for| vote for| guess| settle on| lean(?:ing)? towards?| choosing| picking| selecting)"
    rf"(?:[\s,]*{_FILLER}\b)*[\s:]*{_OPENING}$"
    r"|\b(?:i (?:think|believe|guess|say|conclude|suspect|feel) (?:that )?)?(?:it|this|that)(?:'s|’s| is| must be| "
    rf"has to be| should be| would be| can only be| would have to be)(?:[\s,]*{_FILLER}\b)*[\s:]*{_OPENING}$"
    rf"|(?:\b(?:so|therefore|thus|hence|consequently|finally|ergo)\b,?|∴|=>|⇒|→)(?:[\s,]*{_FILLER}\b)*[\s:]*{_OPENING}$"
    rf"|\b(?:go with|going with|choose|pick|select|leaving|leaves|left with|my (?:answer|choice|pick))"
    rf"(?:[\s,]*{_FILLER}\b)*[\s:]*{_OPENING}$"
    rf"|(?:选|選|選ぶ|我选|我選)(?:择|擇)?[\s:]*{_OPENING}$"
)
# What may stand right behind one.
CONFIRMS = re.compile(
    r"^[\s\)\]\}\"'”’»」』】\.:,]*(?:[^.!?\n]{0,80}?\s)?"
    r"(?:is|seems|looks|appears|must be|would be|should be|has to be|remains)(?: to be)?(?: \w+ly)?(?: the| a| my)?"
    r"(?: (?:most|single|only|one|very|clearly|best|more))*"
    r" (?:correct|right|true|best|answer|appropriate|accurate|fitting|likely|valid|choice|option|one|solution|winner)\b"
    r"|^[\s\)\]\}\"'”’»」』】]*(?:clearly |simply |just )?"
    r"(?:(?:fits|matches|works|applies|answers it)(?: \w+){0,3}? best|makes (?:the )?most sense|[✅✓✔☑])"
    r"|^[\s\)\]\}\"'”’»」』】]*(?:が正解|は正しい|が正しい|이 정답|가 정답|이 맞|가 맞|"
    r"是正确|是正確|是对的|正确|正確|を選|입니다|です(?!か)|верно|правильн|ist richtig|ist korrekt|es correcta|"
    r"es la correcta|est correcte|est la bonne|è corretta)"
)
DENIES = re.compile(
    r"^[\s\)\]\}\"'”’»」』】\.:]*(?:[^.!?\n,;]{0,80}?\s)??"
    r"(?:(?:is|are|was|seems|looks|would be|can be|must be|could be)(?:n't|n’t| not)?(?: \w+ly)? "
    r"(?:wrong|incorrect|false|not|out|ruled out|excluded|eliminated|unlikely|implausible|irrelevant|"
    r"a distractor|too|hardly|scarcely|barely|far from|anything but|partially|partly|only partially|less)\b"
    r"|(?:isn't|isn’t|wasn't|can't|can’t|cannot|couldn't|doesn't|doesn’t|does not|won't|wouldn't|fails|makes no)\b"
    r"|不对|不對|不正确|不正確|错|錯|неверн|неправильн|ist falsch|es incorrecta|est faux|"
    r"est incorrecte|は間違|は誤|이 아니|가 아니)"
)
RULES_OUT = re.compile(
    r"(?:\b(?:not|isn't|isn’t|aren't|wasn't|never|neither|nor|without|unlike|except|rather than|instead of|"
    r"eliminate[sd]?|eliminating|rule[sd]? out|ruling out|exclude[sd]?|excluding|(?:anything|everything|all) but|"
    r"discard|reject|dismiss|than|"
    r"versus|vs\.?|against|nicht|no es|n'est pas|non è|não é|не)|不是|并非|並非|不选|不選|排除)"
    rf"(?:\s+(?:the|an?|option|choice|answer|letter|label))*{_OPENING}$"
)
# Anywhere in the statement before a mention: what is said of it is that it is not so.
NEGATES = re.compile(
    r"\b(?:not|cannot|never|neither|\w+n['’]t|doubt(?:s|ed|ful)?|refuse|unable|avoid|hardly|scarcely|barely|"
    r"nobody|no one|no way|no means|no case|far from|unlikely|impossible|deny|"
    r"disagree|false|untrue|wrong|worst|incorrect|mistaken|poorest|least)\b"
    # Only close by: ``no contradiction``, ``no clear yes``.
    r"|\bno(?:\s+[\w'’-]+){0,2}\s*$"
)
THINKS_NOT = re.compile(
    r"(?:\bnot|\bnever|n['’]t|\bcannot) (?:\w+ly )?(?:think|believe|say|claim|feel|true|the case|correct|right|"
    r"convinced|agree)\b(?! so\b)|\b(?:doubt|unlikely|impossible|deny|disagree|false that|untrue|wrong (?:to|that))\b"
)
# Words of denial that deny nothing.
DENIES_NOTHING = re.compile(
    r"\b(?:no doubt|without (?:a |any )?doubt|beyond (?:a |any )?doubt|(?:do|would) not doubt|don['’]t doubt|"
    r"not only|not just|whether or not|no question|cannot be denied)\b"
)
# A new statement begins behind these.
TURNS = re.compile(
    r"\b(?:but|so|therefore|thus|hence|because|since|while|whereas|although|though|which (?:means|makes|is why|leaves)|"
    r"and (?:the answer|i|it|my)|leaving|leaves)\b|\s[-–—]{1,2}\s|—|=>|->|→|⇒|∴"
)
BUT_HERE = re.compile(r"\b(?:but|however|yet|nevertheless)\b|\s[-–—]{1,2}\s|—")
# What a denied option shares its denial with: ``I don't think A or B is right``.
SHARES = re.compile(rf"^[\s\)\]\}}\"'”’]*(?:or|nor|and|/|&)\s*(?:(?:the|option|choice|answer)\s+)*{_OPENING}$")
BUT = re.compile(
    rf"\?\s*no(?:pe)?[\s,.:–—-]*{_OPENING}$"
    rf"|\b(?:but|rather|sondern|sino|mais|а|but rather|and yet)(?:\s+(?:option|choice))?{_OPENING}$"
)
JOINS = re.compile(
    r"^[\s\)\]\}\"'”’.]*(?:,|/|&|\+|;|\||\band\b|\bor\b|\bund\b|\boder\b|\bet\b|\bou\b|\by\b|\bo\b|\be\b|и|или|和|或|と|か)"
    r"[\s]*(?:(?:both|also|either|and|or|option|choice|answer)\s+)*[\(\[\"'“‘]*$"
)
TAKES_BACK = re.compile(
    r"\b(?:wait|actually|correction|no|instead|on (?:reflection|second thought)|scratch that|final|finally|sorry|"
    r"therefore|thus|hence|so|in conclusion|overall|ultimately|revis\w+|changed? my|rather|but|however|let me correct|"
    r"конечный|итак|окончательн\w+|also|endgültig\w*|最终|最終|所以|因此|したがって|따라서)\b|最终|最終|所以|因此|したがって|따라서",
)
HEDGES = re.compile(
    r"\b(?:might|may|could|either|if|unless|whether|between|tempt\w*|seem(?:s|ed) plausible|at first|first thought|"
    r"initially|would be (?:the answer|correct|right) if|some(?:one)? (?:might|may|would)|students?)\b[^.!?\n]*$"
)
# A verdict behind a colon, a dash, a bracket: ``A: false``, ``B - correct.``, ``C (wrong)``; and ``A? No``.
_PARTED = r"^[\s\"'”’]*(?:[\)\]\}]?\s*(?:[:=.]|[-–—]{1,2}|→|=>)|[\(\)\]])\s*(?:this |that |it )?(?:is |clearly )*"
_CLOSED = r"\)?\s*(?:$|[.,;!\)\n(/|-]|[–—]|because|since|as\b)"
SAYS_WRONG = re.compile(
    rf"{_PARTED}(?:false|incorrect|wrong|untrue|not (?:correct|right|true)|ruled out|eliminated|excluded){_CLOSED}"
    rf"|^[\s\"'”’]*[\)\]]?\s*(?::|[-–—]{{1,2}})\s*no(?:pe)?{_CLOSED}"
    r"|^[\s\)\]:=–—-]*[✗✘❌❎]|^[\s\)\]]*\?\s*no(?:pe)?\b"
)
SAYS_RIGHT = re.compile(rf"{_PARTED}(?:correct|right|true)(?: answer)?{_CLOSED}|^[\s\)\]:=–—-]*[✅✓✔☑]")
# What may stand before a letter that is all there is: nothing, a stop, or one of these; never ``strain B``.
LEADS = re.compile(
    r"(?:^|[.!?;:,\n。、，：–—>→-])\s*[\(\[\"'“‘]*$|(?:\b(?:is|was|be|it['’]?s|that['’]s|like|with|for|to|say|yes|sure|okay|ok|"
    r"definitely|clearly|\w{3,}ly|maybe|perhaps|"
    r"think|believe|suspect|suppose|reckon)|'s|’s)\s+[\(\[\"'“‘]*$"
)
ENDS = re.compile(r"^[\s\)\]\"'”’]*(?:[!。]|\.(?!\s?[a-z0-9])|$|\n)")
QUESTIONED = re.compile(r"^[\s\)\]\"'”’]*\?")
LABEL_END = re.compile(r"^\s*(?:[\)\]\}:.,;!。、，：；]|-{1,2}\s|[–—]|$|\n|[\"'”’»」』】](?:\s|$|[.,:;!]))")
REASON = re.compile(r"^\s*(?:,\s*)?(?:because|since|as|for|given|due|\(|weil|porque|parce|因为|因為|потому)")
# ``A: 0.3, B: 0.7``
WEIGHED = re.compile(r"^[\s\)\]]*[:=]\s*[\d.]+\s*%?(?:[\s,;|]|$)")

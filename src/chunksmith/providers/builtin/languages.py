"""Which language a passage is in, as far as the generator has to know, and the few phrases it says in each."""

import re
from collections.abc import Mapping

from chunksmith.providers.builtin.grammar.terse import is_terse_english

_LEAST, _CERTAIN = 0.12, 0.25
"""shares of function words: in fewer no language shows, in more it is beyond doubt"""
_SAMPLE = 6000
"""characters that are looked at"""
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_OTHER = re.compile(r"[\u0370-\u03ff\u0530-\u1cff]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_WORD = re.compile(r"[^\W\d_]+")

_FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    "en": frozenset("""
    the of and to in is are was that it for with as on be by this from or an which has have not can at its were their
    they a if you your any will when but than into under every each these there don
    """.split()),
    "de": frozenset("""
    der die das und ist im den von zu mit sich des auf für nicht ein eine als auch es dem werden wird aus bei oder
    sind einer nach wie
    """.split()),
    "fr": frozenset("""
    le la les des et est une dans que qui pour sur avec par il au du sont ne pas plus aux ce cette ou en un
    """.split()),
    "es": frozenset("el la los las de y en que es una por con para se del al como su más un son lo no".split()),
    "it": frozenset("il lo gli di e che è una per con del della nel si sono dei delle come più al da un non".split()),
    "pt": frozenset("o os as de e que é uma por com para do da em um no na se dos das mais como são não".split()),
    "nl": frozenset("de het een en van is dat op te in zijn voor met niet aan er om ook als door worden bij".split()),
    "sv": frozenset("och det att som en på är av för med den till inte om ett har de i var".split()),
    "pl": frozenset("i w z na jest się nie do że to są przez od za który oraz jak".split()),
}  # fmt: skip

_FILL_IN: Mapping[str, str] = {
    "de": "Ergänzen Sie die Lücke: „{}“",
    "fr": "Complétez la phrase : « {} »",
    "es": "Complete la frase: «{}»",
    "it": "Completa la frase: «{}»",
    "pt": "Complete a frase: “{}”",
    "nl": "Vul het ontbrekende woord in: ‘{}’",
    "ru": "Вставьте пропущенное слово: «{}»",
    "ja": "空欄を埋めてください：「{}」",
    "zh": "请填空：“{}”",
    "ko": "빈칸을 채우세요: “{}”",
}
SUMMARIZE: Mapping[str, str] = {
    "en": "Summarize the passage in one sentence.",
    "de": "Fassen Sie den Text in einem Satz zusammen.",
    "fr": "Résumez le passage en une phrase.",
    "es": "Resuma el pasaje en una frase.",
    "it": "Riassumi il brano in una frase.",
    "pt": "Resuma o trecho em uma frase.",
    "nl": "Vat de passage samen in één zin.",
    "ru": "Кратко изложите содержание отрывка одним предложением.",
    "ja": "この文章を一文で要約してください。",
    "zh": "请用一句话概括这段文字。",
    "ko": "이 글을 한 문장으로 요약하세요.",
}
WIDE = frozenset({"ja", "zh"})


def detect(text: str) -> str:
    """A two-letter code, ``other`` when it is none of those known, ``none`` when there are too few letters."""
    sample = text[:_SAMPLE]
    counts = {
        "han": len(_HAN.findall(sample)),
        "kana": len(_KANA.findall(sample)),
        "ko": len(_HANGUL.findall(sample)),
        "ru": len(_CYRILLIC.findall(sample)),
        "other": len(_OTHER.findall(sample)),
        "latin": len(_LATIN.findall(sample)),
    }
    counts["other"] = max(0, counts["other"] - counts["ru"])
    total = sum(counts.values())
    if total < 12:
        return "none"
    if counts["han"] + counts["kana"] > 0.25 * total:
        return "ja" if counts["kana"] > 0.1 * (counts["han"] + counts["kana"]) else "zh"
    main = max(("ko", "ru", "other", "latin"), key=lambda name: counts[name])
    return _latin_language(sample) if main == "latin" else main


def fill_in(language: str, statement: str, answer: str, lead: str = "") -> str:
    """The question around a statement with a gap, in English where no phrase in its language is known.

    ``lead`` goes before the English question: ``Regarding the lamp``.
    """
    if language in _FILL_IN:
        return _FILL_IN[language].format(statement)
    wanted = "words complete" if " " in answer else "number completes" if answer[0].isdigit() else "word completes"
    which = f"{lead}, which" if lead else "Which"
    # The full stop of the statement would stand before the question mark.
    bare = statement if statement.endswith("etc.") else statement.removesuffix(".")
    return f'{which} {wanted} this statement: "{bare}"?'


def has_few_function_words(english: str) -> bool:
    """So few that only its other words tell the language."""
    return _shares(english[:_SAMPLE]).get("en", 0.0) < _LEAST


def _latin_language(sample: str) -> str:
    shares = _shares(sample)
    if not shares:
        return "none"
    best = max(shares, key=lambda code: (shares[code], code == "en"))
    # A note in English may have no function word, or but one that other languages have too: "Add no salt."
    least = _LEAST if best == "en" else _CERTAIN
    if shares[best] < least and is_terse_english(sample):
        return "en"
    return best if shares[best] >= _LEAST else "other"


def _shares(sample: str) -> dict[str, float]:
    """How many of the words are function words of each language; empty when there are no words."""
    words = [word.lower() for word in _WORD.findall(sample)]
    return {code: sum(word in known for word in words) / len(words) for code, known in _FUNCTION_WORDS.items() if words}


def function_words(code: str) -> frozenset[str]:
    return _FUNCTION_WORDS.get(code, frozenset())

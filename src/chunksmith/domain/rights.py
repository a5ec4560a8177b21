"""Notices of rights: who owns a text and under which license it may be used, in the languages of many documents."""

import re

_OWNER = re.compile(r"\bcopyright[\s:,]*(?:©|\(c\)|\d{4})|©|\(c\)(?=\s*\d{4})", re.I)
# Before a year there may be a word of any language; "(c)" alone is the third item of a list.
_BEGINS = re.compile(
    r"\W{0,3}(?:(?:[^\W\d_]{1,20}[\s:]{0,2})?(?:©|\(c\))\s*\d{4}|©\s*\S|copyright[\s:,]*(?:©|\(c\)|\d{4}))", re.I
)
_OWNER_WORDS = 14
_RESERVED = re.compile(
    r"all rights reserved|alle rechte vorbehalten|tous droits réservés|(?:todos )?los derechos reservados|"
    r"tutti i diritti riservati|todos os direitos reservados|alle rechten voorbehouden|"
    r"wszelkie prawa zastrzeżone|все права защищены|無断転載|无断转载|版权所有|版權所有|保留所有|무단 ?전재",
    re.I,
)
_LICENSE = re.compile(
    r"general public licen[sc]e|free documentation licen[sc]e|creative commons|\bCC[ -]BY\b|"
    r"\b[AL]?GPL(?:v?\d|\b)|\bGFDL\b|\b(?:apache|mit|bsd|mozilla public|eclipse public) licen[sc]e",
    re.I,
)
_THIS_TEXT = re.compile(
    r"\b(?:this|these) (?:\w+ )?(?:document|manual|book|work|guide|text|page|card|documentation|program|material)s?\b|"
    r"\bdiese[srm]? (?:dokument|werk|handbuch|buch|text|anleitung|seite|programm|dokumentation)\b|"
    r"\b(?:ce document|ce manuel|ce livre|cet ouvrage|cette œuvre|ce texte|cette page)\b|"
    r"\b(?:este|esta|questo|questa|quest) ?'?(?:documento|manual|manuale|libro|obra|opera|texto|testo|página|pagina)\b|"
    r"\b(?:dit|deze) (?:document|handleiding|boek|werk)\b|\bniniejsz\w+ \w+|\b(?:этот|данный|настоящий) документ|"
    r"この(?:文書|文章|資料|作品|ドキュメント|マニュアル|本)|本(?:文書|書|資料|作品|ドキュメント|マニュアル)|"
    r"本(?:文档|文件|书|手册)|이 문서",
    re.I,
)
_MAY_BE_USED = re.compile(
    r"\b(?:under|licen[sc]ed|unter|lizenz\w*|sous|licencia|bajo|sotto|sob|onder|objęt\w+|na warunkach|"
    r"на условиях|под лицензией)\b|に従|の下|に基づ|条款|条件|许可|授權|授权|따라",
    re.I,
)
_NOTICE_BEGINNING, _NOTICE_LENGTH = 300, 1_000
_ABOUT_LICENSE = re.compile(
    r"\blizenz(?:text|bedingungen|hinweis)|\burheberrechtlich geschützt|\btexte de (?:la|cette) licence|"
    r"\btexto de la licencia|\btesto della licenza|ライセンス(?:文|条項|に従|の下)|著作権(?:者|表示)|"
    r"许可证(?:文本|条款)|版权(?:声明|归)|\bтекст лицензии",
    re.I,
)


def is_notice_of_rights(paragraph: str) -> bool:
    """Whether a paragraph is nothing else: owners, reserved rights, or the license that it and its document are under.

    A sentence about copyright is none, nor is one about a license that does not say that this text is under it.
    """
    owners = len(_OWNER.findall(paragraph))
    if (owners and _BEGINS.match(paragraph)) or _RESERVED.match(paragraph):
        words = len(re.findall(r"\w+", _RESERVED.sub("", paragraph)))
        return words <= _OWNER_WORDS * max(1, owners)
    return len(paragraph) <= _NOTICE_LENGTH and _grants(paragraph[:_NOTICE_BEGINNING])


def mentions_rights(sentence: str) -> bool:
    """Whether a sentence of any language belongs to such a notice."""
    return bool(
        _OWNER.search(sentence)
        or _RESERVED.search(sentence)
        or _LICENSE.search(sentence)
        or _ABOUT_LICENSE.search(sentence)
    )


def _grants(text: str) -> bool:
    return all(sign.search(text) for sign in (_LICENSE, _THIS_TEXT, _MAY_BE_USED))

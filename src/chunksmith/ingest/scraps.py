"""Drafts too short to be read alone, such as a heading or a word in bold: they go with their neighbours."""

from chunksmith.ingest.furniture import is_furniture, is_silent
from chunksmith.ingest.packing import Draft, weigh


def with_scraps_joined(text: str, drafts: list[Draft], limit: int) -> list[Draft]:
    """The drafts of text that no furniture divides, without furniture and with scraps put before what follows them.

    Where there is no room within ``limit`` they go behind what precedes them, else they stay alone: no word is lost.
    Units:  ``limit`` in quarters of a token.
    Shapes: as ``drafts``, which are trimmed; empty where all of it is scraps, which say nothing together either.
    """
    if not drafts or (
        all(_is_scrap(text, one) for one in drafts) and is_furniture(text[drafts[0].start : drafts[-1].end])
    ):
        return []
    kept = [one for one in drafts if not (_is_scrap(text, one) and is_silent(text[one.start : one.end]))]
    return _behind(text, _before(text, kept, limit), limit)


def _before(text: str, drafts: list[Draft], limit: int) -> list[Draft]:
    found: list[Draft] = []
    for draft in reversed(drafts):
        if found and _is_scrap(text, draft) and _fit(text, draft, found[-1], limit):
            content = found.pop()
            found.append(Draft(draft.start, content.end, content.kind, content.path))
        else:
            found.append(draft)
    return found[::-1]


def _behind(text: str, drafts: list[Draft], limit: int) -> list[Draft]:
    found: list[Draft] = []
    for draft in drafts:
        if found and _is_scrap(text, draft) and _fit(text, found[-1], draft, limit):
            content = found.pop()
            found.append(Draft(content.start, draft.end, content.kind, content.path))
        else:
            found.append(draft)
    return found


def _fit(text: str, first: Draft, second: Draft, limit: int) -> bool:
    return not text[first.end : second.start].strip() and weigh(text, first.start, second.end) <= limit


def _is_scrap(text: str, draft: Draft) -> bool:
    return not _is_piece(text, draft) and is_furniture(text[draft.start : draft.end])


def _is_piece(text: str, draft: Draft) -> bool:
    """It begins or ends within a line: what there is on the line, or in the sentence, has been cut."""
    before, behind = draft.start - 1, draft.end
    while before >= 0 and text[before] in " \t":
        before -= 1
    while behind < len(text) and text[behind] in " \t":
        behind += 1
    begins, ends = before < 0 or text[before] in "\r\n", behind == len(text) or text[behind] in "\r\n"
    return not (begins and ends)

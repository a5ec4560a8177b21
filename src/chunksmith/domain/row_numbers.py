"""The numbers of rows as ids are written with them."""

import re

from chunksmith.domain.paging import LARGEST

_ONE_SPELLING = re.compile(r"0|[1-9][0-9]{0,18}")


def row_number_in(digits: str) -> int | None:
    """None for what no row has as its number, and for a second spelling of one (``01``): an id has one."""
    number = int(digits) if _ONE_SPELLING.fullmatch(digits) else LARGEST + 1
    return number if number <= LARGEST else None

"""Ids as they are written: each number in one way."""

import pytest

from chunksmith.domain.row_numbers import row_number_in


@pytest.mark.parametrize("number", [0, 1, 10, 2**63 - 1])
def test_a_number_is_read_as_it_is_written(number: int) -> None:
    assert row_number_in(str(number)) == number


@pytest.mark.parametrize(
    "text", ["01", "00", "-1", "+1", " 1", "1 ", "1\n", "1_0", "1.0", "١", "", str(2**63), "9" * 5000]
)
def test_no_other_spelling_is_a_number(text: str) -> None:
    assert row_number_in(text) is None

import pytest

import bench

Captured = pytest.CaptureFixture[str]


def test_the_help_names_every_group(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        bench.parsed(["--help"])

    shown = " ".join(capsys.readouterr().out.split())
    assert all(group in shown for group in bench.measures(quick=False))


def test_a_group_that_has_no_smaller_size_can_be_named_with_quick() -> None:
    assert list(bench.parsed(["--quick", "--only", "whole way"]).measures) == ["whole way"]


def test_quick_leaves_out_what_has_no_smaller_size() -> None:
    assert "whole way" not in bench.parsed(["--quick"]).measures


def test_an_unknown_group_is_refused(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        bench.parsed(["--only", "nonsense"])

    assert "unknown: nonsense" in capsys.readouterr().err

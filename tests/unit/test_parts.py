from __future__ import annotations

from tests.parts import closing_line


def test_the_sum_of_several_runs_closes_as_pytest_does() -> None:
    line = closing_line({"passed": 12, "warnings": 2}, 61.5)
    assert line.strip("=") == " 12 passed, 2 warnings in 61.50s "
    assert len(line) == 100


def test_failures_come_first() -> None:
    assert "1 failed, 2 passed, 1 errors in" in closing_line({"errors": 1, "passed": 2, "failed": 1}, 1)

"""A small facility lives through a bad day: each part is killed, each service is away for a while.

The long form is benchmarks/facility_campaign.py.
"""

from pathlib import Path

import pytest

from whole_facility.day import Day, live_through


@pytest.mark.slow
@pytest.mark.timeout(1800)  # it waits for what comes, whatever else the machine does
def test_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    day = Day(
        microscopes=2, movies=10, every=1.0, kills=1, away=15.0, at_once=True, lasts=10.0,
        patience=0.0,
    )  # fmt: skip
    report = live_through(tmp_path / "day", day)
    assert report.wrong == {name: [] for name in report.wrong}
    assert len(report.wrong) == 9
    assert len(report.accidents) == 6 + 2 * 2 + 2

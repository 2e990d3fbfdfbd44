"""Comparisons for screens."""

from math import nan

from icestream.report.boxes import Boxes
from icestream.report.comparison import BranchComparison, ComparedStep, Sides
from icestream.report.paired import Pair, paired
from icestream.report.views.comparing import comparison_view

PAIRS = [Pair(f"e{n}", 5.0 + 0.01 * n, 4.0 + 0.02 * n, 0.1, nan) for n in range(3000)]


def step(**more: object) -> ComparedStep:
    said: dict[str, object] = {
        "name": "ctf", "of_batches": False, "old_revision": 1, "new_revision": 2, "both": 3000,
        "only_old": 0, "only_new": 0, "identical": False, "fails": Sides(lost=("e7",)),
        "fail_both": 0, "selects": Sides(), "particles": None, "seconds": None,
        "qualities": (), "newest": {},
    }  # fmt: skip
    return ComparedStep(**(said | more))  # type: ignore[arg-type]


def test_numbers_with_errors_and_few_points() -> None:
    found = BranchComparison(
        old="main",
        new="fine",
        sample=None,
        steps=(
            step(
                qualities=(paired("ctf.resolution", PAIRS), paired("ctf.angle", PAIRS[:1])),
                seconds=paired("seconds", PAIRS[:50]),
                boxes=Boxes(exposures=2, both=10, only_old=1, only_new=3, radius=45.0),
            ),
            step(name="volume", of_batches=True, newest={"volume.resolution": (4.0, nan)}),
        ),
    )
    view = comparison_view(found, ["ctf.fast: yes -> no"])
    ctf, volume = view.steps
    resolution, angle = ctf.qualities
    assert resolution.count == 3000
    assert len(resolution.points) == 1500
    assert (resolution.points[0].old_error, resolution.points[0].new_error) == (0.1, None)
    assert resolution.claimed
    assert resolution.tone == ("good" if resolution.difference < 0 else "bad")  # type: ignore[operator]
    assert (angle.old, angle.error, angle.claimed, angle.tone) == (None, None, False, "")
    assert ctf.seconds is not None
    assert (ctf.seconds.unit, ctf.seconds.claimed) == ("s", False)
    assert ctf.boxes.startswith("boxes on 2 exposures: 10 in both")
    assert (volume.newest[0].old, volume.newest[0].new) == (4.0, None)
    assert view.changes == ("ctf.fast: yes -> no",)
    assert view.verdict

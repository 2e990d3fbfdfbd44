"""The columns of exposures and their chunks."""

import numpy as np
import pytest

from icestream.report.limits import Drawn
from icestream.report.table import BEFORE, CHUNK, ExposureTable, plotted_qualities

FIRST, SECOND = (1, -1), (2, -2)


def table_of(count: int) -> ExposureTable:
    table = ExposureTable()
    for number in range(count):
        table.add(
            f"e{number}", found=100.0 + number, time=50.0 + number, place=f"square {number // 3}"
        )
    return table


def test_a_chunk_holds_its_exposures_in_the_units_of_the_page() -> None:
    table = table_of(CHUNK + 2)
    table.measure(CHUNK, "ctf.defocus", 12345.6, FIRST)
    table.judge(CHUNK, "r", ["select: too thick", "select: too far"])
    chunk = table.chunk(1, 9)
    assert chunk["number"] == 2
    assert chunk["version"] == 9
    assert chunk["name"] == [f"e{CHUNK}", f"e{CHUNK + 1}"]
    assert chunk["state"] == "rp"
    assert chunk["quality"] == {"ctf.defocus": [1.235, None]}
    assert chunk["texts"][chunk["reason"][0]] == "select: too thick; select: too far"
    assert chunk["texts"][chunk["reason"][1]] == ""
    assert chunk["texts"][chunk["place"][1]] == f"square {(CHUNK + 1) // 3}"


def test_counts_follow_the_states_in_all_and_by_chunk() -> None:
    table = table_of(CHUNK + 10)
    for order in (0, 1, CHUNK):
        table.judge(order, "a", [])
    table.judge(1, "r", ["why"])
    table.judge(2, "f", ["broken"])
    assert table.counts == {"p": CHUNK + 6, "a": 2, "r": 1, "f": 1}
    assert table.chunk_counts == [[CHUNK - 3, 1, 1, 1], [9, 1, 0, 0]]


def test_only_changed_chunks_are_told_and_only_once() -> None:
    table = table_of(3 * CHUNK)
    assert table.take_changed() == [0, 1, 2]
    assert table.take_changed() == []
    assert table.judge(CHUNK + 1, "a", [])
    assert not table.judge(CHUNK + 1, "a", [])
    assert table.take_changed() == [1]


def test_a_rejection_moves_the_values_of_its_exposure_in_the_histograms() -> None:
    table = table_of(20)
    for order in range(20):
        table.measure(order, "ctf.resolution", 3.0 + order / 10, FIRST)
    table.judge(4, "r", ["why"])
    shown = table.qualities["ctf.resolution"].shown(1.0)
    assert (sum(shown["kept"]), sum(shown["rejected"])) == (19, 1)
    table.judge(4, "a", [])
    shown = table.qualities["ctf.resolution"].shown(1.0)
    assert (sum(shown["kept"]), sum(shown["rejected"])) == (20, 0)


def test_a_consensus_wins_over_what_it_was_made_from() -> None:
    table = table_of(2)
    table.measure(0, "ctf.defocus", 1.0, FIRST)
    table.measure(0, "ctf.defocus", 2.0, SECOND)
    table.measure(0, "ctf.defocus", 3.0, FIRST)
    assert table.value("ctf.defocus", 0) == 2.0


def test_each_exposure_shows_the_deepest_step_that_measured_it_in_whatever_order() -> None:
    """One that a deeper step has not measured, as it failed there, keeps what it has."""
    along, at_once = table_of(3), table_of(3)
    for order, value, rank in ((0, 1.0, FIRST), (0, 2.0, SECOND), (1, 3.0, FIRST)):
        along.measure(order, "ctf.defocus", value, rank)
    for value, rank in ((9.0, BEFORE), (1.0, FIRST), (2.0, SECOND)):
        orders = {BEFORE: [0, 1, 2], FIRST: [0, 1], SECOND: [0]}[rank]
        values = np.array([value, 3.0 if rank == FIRST else value, value])[: len(orders)]
        at_once.measure_many("ctf.defocus", np.array(orders), values, rank)
    assert [along.value("ctf.defocus", order) for order in (0, 1)] == [2.0, 3.0]
    assert [at_once.value("ctf.defocus", order) for order in (0, 1, 2)] == [2.0, 3.0, 9.0]
    for order, shown in ((0, 2.0), (1, 5.0), (2, 5.0)):
        at_once.measure(order, "ctf.defocus", 5.0, FIRST)
        assert at_once.value("ctf.defocus", order) == shown


@pytest.mark.parametrize("total", [30, 1200])
def test_the_trend_document_is_bounded_and_covers_all(total: int) -> None:
    table = table_of(total)
    for order in range(total):
        table.measure(order, "ctf.resolution", 3.0 + order % 7, FIRST)
        table.judge(order, "r" if order % 10 == 0 else "a", [])
    document = table.trend_document(["ctf.resolution"], 1)
    assert len(document["first"]) == len(document["time"]) == len(document["rejected"]) <= 480
    assert sum(document["rejected"]) == total // 10
    quality = document["qualities"][0]
    assert len(quality["mid"]) == len(document["first"])
    assert (quality["low"] is None) == (document["width"] == 1)
    assert quality["unit"] == "Å"
    assert document["first"][-1] + document["width"] >= total


def test_the_time_of_a_run_is_that_of_a_measured_exposure() -> None:
    table = ExposureTable()
    for order in range(1000):
        refused = order % 4 == 0
        table.add(f"e{order}", found=9e8, time=9e8 if refused else 1e6 + order, place="")
        if not refused:
            table.measure(order, "ctf.resolution", 3.0, FIRST)
    document = table.trend_document(["ctf.resolution"], 1)
    assert document["width"] == 4
    assert document["time"] == [1e6 + start + 1 for start in document["first"]]


def test_an_axis_reaches_limits_that_lie_near_and_no_others() -> None:
    table = table_of(30)
    for order in range(30):
        table.measure(order, "ctf.resolution", 3.0 + order / 10, FIRST)

    def range_with(high: float) -> dict[str, float]:
        limit = Drawn(step="s", title="S", refuses=True, low=None, high=high)
        document = table.trend_document(["ctf.resolution"], 1, {"ctf.resolution": [limit]})
        return document["qualities"][0]["range"]

    without = table.trend_document(["ctf.resolution"], 1)["qualities"][0]["range"]
    near = range_with(without["high"] + 1.0)
    assert near["high"] > without["high"] + 1.0
    assert near["low"] == without["low"]
    assert range_with(150.0) == without
    assert range_with(4.0) == without


def test_it_is_said_how_many_values_lie_beyond_the_axis() -> None:
    table = table_of(40)
    for order in range(40):
        table.measure(order, "ctf.resolution", 3.0 + order / 100, FIRST)
    table.measure(7, "ctf.resolution", 2600.0, FIRST)
    (quality,) = table.trend_document(["ctf.resolution"], 1)["qualities"]
    assert quality["beyond"] == [0, 1]
    assert quality["range"]["high"] < 10
    assert max(quality["mid"]) == 2600


def test_an_exposure_of_a_branch_has_its_place_in_the_session() -> None:
    table = ExposureTable()
    table.add("e7", number=7, found=1.0, time=1.0, place="")
    assert (table.place_of("e7"), table.place_of("e1")) == (6, None)
    assert table.trend_document([], 1)["first"] == [6]


def test_what_is_the_same_for_all_has_no_trend() -> None:
    table = table_of(3)
    for order in range(3):
        table.measure(order, "ctf.phase_shift", 0.0, FIRST)
        table.measure(order, "ctf.angle", 10.0 * order, FIRST)
        table.measure(order, "motion.total", 5.0, FIRST)
        table.measure(order, "ctf.resolution", 4.0 + order, FIRST)
    assert plotted_qualities(table) == ["ctf.resolution", "motion.total"]

"""A plan in words and as a document."""

import json
import math
from dataclasses import replace

from icestream.planning.cameras import CAMERAS
from icestream.planning.costs import Demand, Hardware, SessionCosts, StepCost
from icestream.planning.disk import DiskPace
from icestream.planning.model import CapacityPlan, plan
from icestream.planning.rehearsal import Rehearsed
from icestream.planning.words import (
    Basis,
    assumed,
    cost_rows,
    day_rows,
    full_words,
    measured,
    need_rows,
    pace_lines,
    plan_document,
    size_words,
)

COSTS = SessionCosts(
    workflow="default",
    steps=(
        StepCost(
            name="align",
            seconds=6.0,
            memory=3e9,
            writes={"micrographs": 100e6},
            feeds=True,
            tasks=9,
        ),
        StepCost(name="classify", seconds=2.0, memory=1e9, gathers=True, tasks=3),
    ),
    movie=300e6,
    engine=0.05,
    exposures=9,
    unknown=("gain",),
)
MACHINE = Hardware(cores=8, memory=64e9, write=2e9, read=4e9, free=10e12)
BASIS = Basis(
    rehearsed=Rehearsed(costs=COSTS, seconds=41.0, making=9.0, cores=8, left_out=("volume",)),
    camera=CAMERAS["K3"],
    particles=300,
    folder="/data",
    disk=DiskPace(500e6, 1000e6, 2 * 10**9),
    rules="as asked",
)


def _made(**asked: object) -> CapacityPlan:
    given = {"microscopes": 3, "rate": 600.0, "keep": {"raw": 21.0}, **asked}
    return plan(COSTS, MACHINE, Demand(**given))  # type: ignore[arg-type]


def test_whether_it_keeps_up_and_what_limits_it_is_said_first() -> None:
    said = list(pace_lines(_made()))
    assert said[0] == (
        "this machine (8 cores, 64 GB) keeps up with 4,165 movies/h of one microscope; with 3, "
        "3,578 movies/h in all"
    )
    assert said[1] == "asked are 1,800 movies/h: it keeps up, with 99 % to spare"
    assert said[2] == (
        "the bottleneck: cores; an exposure takes 8.05 s of a core, 75 % of that align"
    )
    assert said[3] == "then: memory at 11,520 movies/h, disk at 12,000 movies/h"


def test_by_how_much_it_is_too_slow_is_said() -> None:
    slow = plan(COSTS, replace(MACHINE, cores=2), Demand(rate=1200))
    assert "asked are 1,200 movies/h: it is 25 % too slow" in list(pace_lines(slow))
    held = plan(COSTS, replace(MACHINE, memory=3e9), Demand(rate=1200))
    assert "the bottleneck: memory; align holds most of it" in list(pace_lines(held))
    narrow = plan(COSTS, replace(MACHINE, write=1e6), Demand(rate=10))
    assert "the bottleneck: disk; of the steps, align writes most" in list(pace_lines(narrow))


def test_what_is_needed_has_units() -> None:
    rows = {row[0]: row[1:] for row in need_rows(_made())}
    assert rows["cores"] == ("6", "2")
    assert rows["memory"] == ("12.5 GB", "4.17 GB")
    assert rows["disks take"] == ("250 MB/s", "83 MB/s")
    assert rows["machines like this one"] == ("1", "a session runs on one")
    few = plan(COSTS, replace(MACHINE, cores=1), Demand(rate=600))
    assert list(need_rows(few))[-1][1:] == ("2", "a session over several of them")


def test_what_stays_by_the_day() -> None:
    rows = {row[0]: row[1:] for row in day_rows(_made())}
    assert rows["raw"] == ("13 TB", "21 days", "272 TB")
    assert rows["micrographs"] == ("4.32 TB", "for ever", "1.58 PB more each year")
    assert rows["all"] == ("17.3 TB", "", "272 TB, and 1.58 PB more each year")
    assert full_words(_made()) == "10 TB are free: full after 14 hours"
    enough = replace(_made(), stays=())
    assert full_words(enough) == "10 TB are free: enough for what stays"
    assert full_words(replace(enough, hardware=replace(MACHINE, free=None))) == ""


def test_measured_and_assumed_are_told_apart() -> None:
    made = _made()
    told = list(measured(made, BASIS))
    assert told[0] == (
        "steps: 9 names of one simulated movie (K3, 5760 x 4092 pixels, 50 frames, 300 MB) were "
        "processed for 41 s on 8 cores of this machine"
    )
    assert (
        told[1] == "disk of /data: takes 500 MB/s and gives 1,000 MB/s, one file of 2 GB at a time"
    )
    taken = "\n".join(assumed(made, BASIS))
    assert "300 particles" in taken
    assert "gain, volume: taken to cost nothing" in taken
    assert "25 % more than the mean" in taken
    assert "once more" not in taken
    anew = replace(COSTS, lessons=(20.0, 200.0), steps=(
        replace(COSTS.steps[0], anew=True), replace(COSTS.steps[1], once=90.0)))  # fmt: skip
    said = "\n".join(assumed(plan(anew, MACHINE, Demand(rate=10, hours=10)), BASIS))
    assert "a session has 100 exposures; the first 20 go through align once more" in said
    assert "share what is not taken for each, of a core: classify 90 s" in said
    busy = replace(made, costs=replace(COSTS, per_core=4.2))
    assert "held its core 4.2 times as long" in "\n".join(measured(busy, BASIS))
    session = Basis(session="/data/s1", folder="/data", disk=None, rules="as asked")
    assert list(measured(made, session)) == [
        "steps: the newest results of /data/s1, which has 9 exposures",
        "disk of /data: not measured",
    ]


def test_the_dearest_step_is_first_and_the_session_itself_last() -> None:
    rows = list(cost_rows(_made()))
    assert [row[0] for row in rows] == ["align", "classify", "the session itself"]
    assert rows[0][1:3] == ("6", "3 GB")
    assert rows[1][-1] == "3 (gathers)"


def test_programs_get_the_same_and_null_where_there_is_no_end() -> None:
    document = json.loads(json.dumps(plan_document(_made(), BASIS), allow_nan=False))
    assert document["keeps_up"] is True
    assert document["bottleneck"] == {"resource": "cores", "step": "align"}
    assert document["limits"]["GPUs"] is None
    assert document["stays"]["raw"] == {"days": 21.0, "bytes": 43200 * 300e6 * 21}
    assert document["stays"]["micrographs"]["days"] is None
    assert document["measured"]["steps"][0]["name"] == "align"
    assert document["assumed"]
    assert math.isclose(document["needed"]["all"]["write"], 250e6)


def test_sizes_for_people() -> None:
    assert [size_words(one) for one in (1.5e15, 2e12, 3.25e9, 4e6, 500)] == [
        "1.5 PB", "2 TB", "3.25 GB", "4 MB", "0.5 kB",
    ]  # fmt: skip

"""What a deposition is made of."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from icestream.exports.deposit.facts import common, gather_facts
from icestream.model import Ctf
from icestream.protocol.describe import sources_of
from icestream.protocols.estimate_ctf import EstimateCtf
from icestream.store.open import NoStore
from report_session import SampleSession


def test_facts_are_those_of_the_session_as_it_is(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.7e9)
    session.grow(3)
    before = gather_facts(session.folder)
    assert (len(before.movies), before.classes, before.volume) == (3, None, None)
    session.grow(60)
    session.classify()
    session.reconstruct()
    facts = gather_facts(session.folder)
    assert len(facts.movies) == 63
    rejected_or_failed = [one for one in facts.exposures if one.exposure.state != "done"]
    assert rejected_or_failed
    assert len(facts.kept) == 63 - len(rejected_or_failed)
    assert facts.picked == sum(len(one.picks) for one in facts.kept if one.picks is not None) > 0
    assert facts.classes is not None
    assert facts.volume is not None
    assert facts.volume.symmetry == "O"


def test_steps_come_with_their_programs(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.7e9)
    session.grow(2)
    facts = gather_facts(session.folder)
    names = [one.record.name for one in facts.steps]
    assert names[:3] == ["import", "align", "gain"]
    assert "machine" not in names
    step = facts.step_of(Ctf)
    assert step is not None
    assert (step.record.name, step.title) == ("ctf", EstimateCtf.title)
    assert step.sources == sources_of(EstimateCtf)
    assert step.run is not None
    assert step.run.results == 2


def test_results_that_stand_are_taken_until_new_ones_are_there(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.7e9)
    session.grow(3)
    picked = gather_facts(session.folder).picked
    session.change("pick", "extract")
    assert gather_facts(session.folder).picked == picked > 0


def test_times_without_a_zone_are_those_of_this_machine(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.7e9)
    session.grow(2)
    facts = gather_facts(session.folder)
    assert [time.timestamp() for time in facts.acquired] == pytest.approx([1.7e9 + 4, 1.7e9 + 16])
    assert facts.assumptions() == ()
    first = facts.exposures[0]
    naive = datetime.fromtimestamp(1.7e9 + 99).isoformat()
    exposure = replace(first.exposure, details={"acquired": naive})
    mixed = replace(facts, exposures=(replace(first, exposure=exposure), facts.exposures[1]))
    assert mixed.acquired[-1].timestamp() == pytest.approx(1.7e9 + 99)
    assert any("no time zone" in said for said in mixed.assumptions())


def test_the_most_frequent_of_some_values() -> None:
    assert common([1, 2, 2]) == 2
    assert common([3, 1]) == 3
    assert common([]) is None


def test_there_must_be_a_session(tmp_path: Path) -> None:
    with pytest.raises(NoStore, match="holds no icestream session"):
        gather_facts(tmp_path / "nothing")

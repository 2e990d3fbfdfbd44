from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any

import pytest

import icestream
from icestream.exports.sheet.methods import methods, references
from icestream.protocol import Registry
from icestream.store.records import Counts, StepRecord, WorkflowRecord


def step(name: str, protocol: str, kind: Any = "item", depth: int = 1, **set_: Any) -> StepRecord:
    return StepRecord(
        id=depth, name=name, protocol=protocol, kind=kind, depth=depth, state="done", reason="",
        revision=1, parameters=set_, changed={}, counts=Counts(),
    )  # fmt: skip


STEPS = (
    step("import", "movies.import", "source", 0),
    step("pick", "picks.log", depth=3, diameter=200.0),
    step("align", "movies.align"),
    step("ctf", "ctf.estimate", depth=2, defocus_max=3.0),
    step("watch", "monitor.ctf", "monitor", 3),
)


def workflow(*steps: StepRecord) -> WorkflowRecord:
    return WorkflowRecord(name="w", steps=steps, links=())


def test_each_step_says_its_sentence_with_its_parameters_in_the_order_of_the_work() -> None:
    told = methods(workflow(*STEPS), Registry(), "2 movies were recorded.", "1 was kept.")
    assert told[:2] == (
        "2 movies were recorded.",
        f"They were processed with icestream {icestream.__version__}.",
    )
    assert told[2].startswith("Movie frames were aligned")
    assert "a defocus of 0.3 to 3 µm" in told[3]
    assert "blobs of 200 Å" in told[4]
    assert told[5:] == ("1 was kept.",)


def test_sources_are_named_once() -> None:
    twice = workflow(*STEPS, replace(STEPS[1], name="again"))
    found = references(twice, Registry())
    assert found[0] == "Grant & Grigorieff (2015) eLife 4, e06980, doi:10.7554/eLife.06980"
    assert len(found) == len(set(found)) == 5


def test_a_protocol_that_is_not_installed_is_named() -> None:
    told = methods(workflow(step("net", "picks.net")), Registry([]), "", "")
    assert told == ("picks.net was run as the step net.",)
    assert references(workflow(step("net", "picks.net")), Registry([])) == ()


@pytest.mark.parametrize("name", ["toy.add", "toy.echo"])
def test_a_protocol_that_says_nothing_is_named_by_its_title(name: str) -> None:
    target = {"toy.add": "toys:Add", "toy.echo": "toys:Echo"}[name]
    registry = Registry([EntryPoint(name, target, "icestream.protocols")])
    (said,) = methods(workflow(step("s", name)), registry, "", "")
    assert said.endswith(f"({name}) was run.")


def test_parameters_that_no_longer_fit_cost_only_their_sentence() -> None:
    (said,) = methods(workflow(step("ctf", "ctf.estimate", nonsense=1)), Registry(), "", "")
    assert said == "CTF estimation (ctf.estimate) was run."

"""The last classes and the last map of a session."""

from pathlib import Path

import numpy as np
import pytest

from icestream.model import Classes, Volume, column
from icestream.protocol import Group, Registry
from icestream.protocol.conformance import problems
from icestream.protocols.last_snapshots import LastClasses, LastVolume


@pytest.mark.parametrize("kind", [LastClasses, LastVolume])
def test_they_keep_the_rules(kind: type[LastClasses | LastVolume]) -> None:
    assert problems(kind) == []
    assert Registry().get(kind.name) is kind


def test_the_last_classes_are_taken() -> None:
    zeros = column(np.zeros(2))
    made = [
        Classes(
            averages=Path("a.mrcs"),
            box=32,
            pixel_size=4.0,
            counts=zeros,
            resolution=zeros,
            score=zeros,
            assignments=Path("a.parquet"),
            particles=n,
            iteration=n,
        )
        for n in (1, 2)
    ]
    assert LastClasses().process(Group("session", tuple(made))) is made[1]


def test_an_update_without_a_map_is_passed_over() -> None:
    one = Volume(particles=500, iteration=1, map=Path("a.mrc"))
    none = Volume(particles=0, iteration=2, note="1 good class, 3 are needed")
    last = LastVolume()
    assert last.process(Group("session", (one, none))) is one
    assert last.process(Group("session", (none,))) is none

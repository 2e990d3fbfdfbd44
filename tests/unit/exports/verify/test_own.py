"""What the session has of a particle."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from icestream.exports.chain import find_chain
from icestream.exports.verify.handed import HandedParticle
from icestream.exports.verify.own import Own
from icestream.formats import read_mrc
from icestream.protocol import Registry
from icestream.store.open import open_store


def handed(name: str, number: int) -> HandedParticle:
    return HandedParticle(micrograph=Path(f"x/{name}.mrc"), x=0, y=0, number=number)


def test_particles_and_picks(session: Path) -> None:
    with closing(open_store(session, readonly=True)) as store:
        own = Own(store, find_chain(store, Registry()))
        stack = sorted((session / "work").glob("*.mrcs"))[0]
        one = handed(stack.stem, 3)
        assert own.has(one, "particles")
        expected = own.expected(one, "particles")
        assert expected is not None
        np.testing.assert_array_equal(expected.image, read_mrc(stack)[3])
        assert expected.bright
        assert expected.scale == pytest.approx(64 / 48)
        assert expected.values["defocus v"] == 11703.0
        pick = own.expected(one, "picks")
        assert pick is not None
        assert not pick.bright
        assert pick.scale == 1.0
        assert not own.has(handed(stack.stem, 9), "particles")  # its box reaches over the rim
        assert own.has(handed(stack.stem, 9), "picks")
        assert not own.has(handed(stack.stem, 10), "picks")
        assert not own.has(handed("other", 0), "picks")

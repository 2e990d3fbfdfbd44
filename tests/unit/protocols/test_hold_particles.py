from icestream.model import Particles
from icestream.protocol.conformance import problems
from icestream.protocols.hold_particles import HoldParticles, HoldParticlesParameters


def test_is_a_good_plugin() -> None:
    assert problems(HoldParticles) == []
    assert [port.item for port in HoldParticles.outputs()] == [Particles]


def test_releases_at_the_number_or_at_the_end() -> None:
    trigger = HoldParticles(HoldParticlesParameters(particles=500))
    assert not trigger.ready({"items": 4, "size": 499, "closed": 0})
    assert trigger.ready({"items": 4, "size": 500, "closed": 0})
    assert trigger.ready({"items": 0, "size": 0, "closed": 1})

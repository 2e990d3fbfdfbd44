from icestream.model import QUALITIES, Ctf, Verdict
from icestream.model.verdict import Accepted
from icestream.protocol import Limit, Registry, SelectionProtocol


class JudgeNothing(SelectionProtocol):  # type: ignore[type-arg]
    name = "exposures.nothing"
    title = "No limits"

    def judge(self, ctf: Ctf) -> Verdict:
        return Accepted()


def test_a_protocol_has_no_limits_unless_its_author_says_so() -> None:
    assert list(JudgeNothing().limits(1.0)) == []


def test_limits_of_what_we_ship_are_on_qualities_that_are_known() -> None:
    registry = Registry()
    shipped = [
        name for name in registry.names() if registry.package(name).split()[0] == "icestream"
    ]
    found = {each.name: list(each().limits(1.0)) for each in registry.usable(shipped)}
    assert {name for name, limits in found.items() if limits} == {
        "exposures.select",
        "monitor.ctf",
    }
    for limits in found.values():
        for limit in limits:
            assert limit.quality in QUALITIES
            assert limit.low is not None or limit.high is not None


def test_an_end_that_is_not_set_is_none() -> None:
    assert Limit(quality="ctf.defocus", low=0.2).high is None

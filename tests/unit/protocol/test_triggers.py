"""What triggers and samplers are told, and counts of other steps."""

import pytest

from icestream.protocol import Enough, Incoming, read_enough
from icestream.protocol.triggers import ticket_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 item of classes", Enough("classes", 1)),
        ("50000 particles of select", Enough("select", 50000, "particles")),
        ("50,000 picks of pick-2", Enough("pick-2", 50000, "particles")),
        ("12 micrographs of a", Enough("a", 12)),
    ],
)
def test_a_count_is_read_and_written_the_same(text: str, expected: Enough) -> None:
    assert read_enough(text) == expected
    assert read_enough(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select", "'select' is no count of a step; write it as '500 items of STEP'"),
        ("many items of a", "is no count of a step"),
        ("5 gigabytes of a", "'gigabytes' cannot be counted"),
        ("0 items of a", "nothing is there before the first"),
    ],
)
def test_what_is_no_count_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_enough(text)


def test_one_is_said_as_one() -> None:
    assert str(Enough("classes", 1)) == "1 item of classes"
    assert Enough("classes", 1).there() == "1 item is there"
    assert Enough("select", 50000, "particles").there() == "50,000 particles are there"


def test_tickets_are_even_and_depend_on_name_and_seed_alone() -> None:
    tickets = [ticket_of(f"FoilHole_{n}", 0) for n in range(2000)]
    assert tickets == [ticket_of(f"FoilHole_{n}", 0) for n in range(2000)]
    assert len(set(tickets)) == 2000
    # Of 2000 even numbers a tenth lies within four standard deviations of 200.
    assert abs(sum(ticket < 0.1 for ticket in tickets) - 200) < 4 * (2000 * 0.1 * 0.9) ** 0.5
    assert ticket_of("FoilHole_1", 1) != tickets[1]
    assert all(0.0 <= ticket < 1.0 for ticket in tickets)


def test_what_is_not_asked_for_is_not_read() -> None:
    asked = []
    incoming = Incoming(1, lambda: asked.append("exposure"), lambda: {"ctf.defocus": 1.0})
    assert incoming.measured == {"ctf.defocus": 1.0}
    assert asked == []

"""The section about handing over."""

import pytest
from pydantic import ValidationError

from icestream.facility.handover.kinds import Handover


def test_nothing_is_offered_unless_it_is_asked_for() -> None:
    section = Handover.model_validate({"folder": "/srv/data", "days": "2 w"})
    assert (section.sessions, section.names, section.days) == ("asked", "random", 14.0)


@pytest.mark.parametrize("given", [{}, {"folder": "data"}, {"folder": "/x", "offer": ["all"]}])
def test_what_is_wrong_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Handover.model_validate(given)

"""Staff are told over the channels that the facility file names."""

import json
import time

from icestream.channels.message import Told
from icestream.facility.duties.telling import tell_staff
from icestream.facility.opened import Facility


def test_a_message_reaches_the_channel(facility: Facility) -> None:
    told = Told(number=0, level="warning", key="facility.x", message="it is so", raised=time.time())
    assert tell_staff(facility, told)
    line = json.loads((facility.path.parent / "staff.log").read_text())
    assert line["session"] == "Ice & Co"
    assert "it is so" in line["text"]


def test_nobody_is_reached_where_no_channel_takes_it(facility: Facility) -> None:
    notice = Told(number=0, level="notice", key="facility.x", message="x", raised=time.time())
    assert not tell_staff(facility, notice)
    (facility.path.parent / "staff.log").mkdir()  # nothing can be written there
    worse = Told(number=0, level="critical", key="facility.x", message="x", raised=time.time())
    assert not tell_staff(facility, worse)

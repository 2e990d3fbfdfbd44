"""Staff are told over the channels that the facility file names."""

import json
import time

from icestream.channels.message import Told
from icestream.facility.duties.telling import tell_staff
from icestream.facility.opened import Facility
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import Whose, keep_session


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


def test_a_confidential_session_is_not_named_whoever_writes_of_it(facility: Facility) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "ACME", confidential=True)
        for project in ("ACME", "open"):
            keep_session(
                connection, project, Whose(project=project), name=f"{project}-001", began=1.0,
                place=f"/s/{project}/1", folder=f"/s/{project}/1/x", state="running",
            )  # fmt: skip
    told = Told(
        number=0, level="critical", key="x", raised=time.time(),
        message="session ACME-001: /s/ACME/1/raw is full; of project acme; open-001: /s/open/1",
    )  # fmt: skip
    assert tell_staff(facility, told)
    text = json.loads((facility.path.parent / "staff.log").read_text())["text"]
    assert "acme" not in text.casefold()
    assert "a confidential session: a confidential session is full" in text
    assert "open-001: /s/open/1" in text

"""A facility whose registry has what can be billed, in a file or in PostgreSQL."""

from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, text

from beam_time import SECTION
from icestream.facility.file import FacilityFile
from icestream.facility.opened import Facility
from icestream.facility.registry.bookings import keep_booking
from icestream.facility.registry.microscopes import keep_microscopes
from icestream.facility.registry.open import SCHEMA, open_registry
from icestream.facility.registry.people import keep_person, keep_project, keep_team
from icestream.facility.registry.sessions import Whose, keep_session

ZONE = ZoneInfo("Europe/Madrid")


def local(text_: str) -> float:
    """A time of the site, such as 2026-05-04T09:00."""
    return datetime.fromisoformat(text_).replace(tzinfo=ZONE).timestamp()


JULY = local("2026-07-01T12:00")


def billing(folder: Path, url: str | None = None, **changed: Any) -> Facility:
    """A new registry with two teams that pay and their projects, and the section for it."""
    if url is not None:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
        engine.dispose()
    facility = opened(folder, url, **changed)
    with facility.registry.write() as connection:
        keep_microscopes(connection, {"krios": ("Titan Krios", ""), "talos": ("Talos", "")})
        keep_team(
            connection, "lab", title="Laboratory of A", institution="University",
            address="Street 2\n1234 City", price_class="academic", reference="PO 1",
        )  # fmt: skip
        keep_team(connection, "firm", title="Firm GmbH", vat="DE1", price_class="company")
        keep_project(connection, "cem1", team="lab", title="Ribosome", reference="WP 3")
        keep_project(connection, "cem2", team="lab", title="Secret", confidential=True)
        keep_project(connection, "f1", team="firm")
        keep_person(connection, "ada", team="lab", title="Ada")
    return facility


def opened(folder: Path, url: str | None = None, **changed: Any) -> Facility:
    """The same facility once more, as another process would open it."""
    file = FacilityFile.model_validate(
        {
            "facility": {"name": "x", "sessions": str(folder), "time_zone": "Europe/Madrid"},
            "microscopes": {"krios": {"title": "Titan Krios"}, "talos": {"title": "Talos"}},
            "money": {**deepcopy(SECTION), **changed},
        }
    )
    return Facility(folder / "facility.toml", file, open_registry(url or folder / "registry.db"))


def book(
    facility: Facility, reference: str, begins: str, ends: str, project: str = "cem1", **more: Any
) -> None:
    """Have a booking, or change it."""
    values = {"microscope": "krios", "project": project, "who": "ada", **more}
    with facility.registry.write() as connection:
        keep_booking(
            connection, "test", reference, begins=local(begins), ends=local(ends), **values
        )


def work(
    facility: Facility, name: str, begins: str, ends: str | None, booking: str = "", **more: Any
) -> None:
    """Have a session."""
    whose = Whose(
        microscope=more.pop("microscope", "krios"), project=more.pop("project", "cem1"),
        operator="ada", booking=("test", booking) if booking else None,
    )  # fmt: skip
    with facility.registry.write() as connection:
        keep_session(
            connection, name, whose, name=name, place=f"/{name}", folder=f"/{name}/processing",
            began=local(begins), ended=None if ends is None else local(ends),
            state="running" if ends is None else "done", **more,
        )  # fmt: skip

"""A facility that is open."""

from collections.abc import Callable
from pathlib import Path

from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.microscopes import microscopes


def test_its_registry_has_the_microscopes_of_the_file(
    write_facility: Callable[[str], Path],
) -> None:
    path = write_facility("")
    with open_facility() as facility, facility.registry.read() as connection:
        found = {one.name: one.title for one in microscopes(connection)}
    assert found == {"glacios": "", "krios1": "Titan Krios"}
    path.write_text(path.read_text().replace("[microscopes.glacios]", "[microscopes.talos]"))
    with open_facility() as facility, facility.registry.read() as connection:
        retired = {one.name: one.retired is not None for one in microscopes(connection)}
    assert retired == {"glacios": True, "krios1": False, "talos": False}


def test_times_are_those_of_its_clocks(facility: Facility) -> None:
    assert f"{facility.local(1_767_225_600.0):%Y-%m-%d %H:%M}" == "2026-01-01 01:00"
    assert facility.sessions == facility.path.parent / "sessions"

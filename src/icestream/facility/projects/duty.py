"""The duty that reads projects, and what is checked of their section of the facility file."""

import threading
from collections.abc import Iterable, Iterator

from icestream.facility.asking import SourceError
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.file import FacilityFile
from icestream.facility.kinds import Flaw
from icestream.facility.opened import Facility
from icestream.facility.projects.kinds import NoProjects
from icestream.facility.projects.opening import project_source
from icestream.facility.projects.reading import read_projects

__all__ = ["projects_duties", "projects_flaws"]


def projects_duties(file: FacilityFile) -> Iterable[Duty]:
    """Reading the projects, where the file says where they are."""
    section = file.projects
    if section is None or isinstance(section, NoProjects):
        return ()
    return (Duty(name="projects", what="reads projects", every=section.every, act=_act),)


def projects_flaws(file: FacilityFile) -> Iterator[Flaw]:
    """What is wrong with the section, or with the portal that it names, which is asked."""
    section = file.projects
    if section is None or isinstance(section, NoProjects):
        return
    source = project_source(section, file.facility.time_zone)
    assert source is not None
    try:
        source.projects()
    except SourceError as error:
        yield Flaw("projects", str(error))


def _act(facility: Facility, _: threading.Event) -> str:
    try:
        return str(read_projects(facility))
    except SourceError as error:
        raise Outage(str(error)) from None

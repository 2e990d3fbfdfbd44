"""The source of projects that the facility file names."""

from zoneinfo import ZoneInfo

from icestream.facility.projects.csv_file import ProjectTable
from icestream.facility.projects.kinds import CsvProjects, PortalProjects, ProjectsSection
from icestream.facility.projects.portal import Portal
from icestream.facility.projects.project import ProjectSource

__all__ = ["project_source"]


def project_source(section: ProjectsSection, zone: str) -> ProjectSource | None:
    """The source that a section describes; None where there is no list of projects.

    Parameters
    ----------
    zone
        Time zone of the facility.
    """
    match section:
        case PortalProjects():
            return Portal(section)
        case CsvProjects():
            return ProjectTable(section, ZoneInfo(zone))
    return None

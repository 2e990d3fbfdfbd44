"""Projects from a table in a file; one with a wrong line is not used at all."""

from collections import Counter
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from icestream.facility.asking import SourceChanged
from icestream.facility.bookings.clock import read_time
from icestream.facility.bookings.csv_file import all_wrong, read_table
from icestream.facility.projects.kinds import CsvProjects
from icestream.facility.projects.project import Project

__all__ = ["PROJECT_COLUMNS", "ProjectTable"]

PROJECT_COLUMNS = {
    "code": "by which the project is known",
    "title": "what it is about",
    "pi": "login of the principal investigator",
    "pi_name": "their name as it is written",
    "pi_email": "their e-mail address",
    "team": "the group that pays",
    "institution": "its institution",
    "address": "where its invoices go",
    "reference": "what its invoices have to name",
    "confidential": "yes or no; no where it is empty",
    "begins": "a date before which there are no sessions",
    "ends": "a date after which there are none",
    "people": "logins of those who work on it, with blanks between them",
    "state": "open, or why there can be no sessions; open where it is empty",
}
_YES = {"": False, "no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}


class ProjectTable:
    """A file as a source of projects."""

    def __init__(self, section: CsvProjects, zone: ZoneInfo) -> None:
        self._section = section
        self._zone = zone

    @property
    def place(self) -> str:
        """The file."""
        return str(self._section.file)

    def projects(self) -> tuple[Project, ...]:
        """All lines, of a file that is right as a whole."""
        wrong: list[str] = []
        read: list[Project] = []
        for number, row in read_table(
            self.place, self._section.separator, PROJECT_COLUMNS, ("code",)
        ):
            try:
                read.append(self._project(row))
            except ValueError as error:
                wrong.append(f"line {number}: {error}")
        twice = [code for code, n in Counter(one.code.casefold() for one in read).items() if n > 1]
        wrong += [f"project {code!r} is there more than once" for code in twice]
        if wrong:
            raise SourceChanged(all_wrong(self.place, wrong))
        return tuple(read)

    def project(self, code: str) -> Project | None:
        """The line of a project."""
        wanted = code.casefold()
        return next((one for one in self.projects() if one.code.casefold() == wanted), None)

    def _project(self, row: Mapping[str, str]) -> Project:
        if row.get(""):
            raise ValueError(row[""])
        if not row["code"]:
            raise ValueError("no code")
        confidential = _YES.get(row["confidential"].lower())
        if confidential is None:
            raise ValueError(f"confidential is {row['confidential']!r}, and may be yes or no")
        begins = read_time(row["begins"], self._zone) if row["begins"] else None
        ends = read_time(row["ends"], self._zone, end=True) if row["ends"] else None
        if begins is not None and ends is not None and ends <= begins:
            raise ValueError(f"ends ({row['ends']}) is not after begins ({row['begins']})")
        return Project(
            code=row["code"],
            title=row["title"],
            state=row["state"] or "open",
            pi=row["pi"] or None,
            pi_name=row["pi_name"],
            pi_email=row["pi_email"],
            team=row["team"],
            institution=row["institution"],
            address=row["address"],
            reference=row["reference"],
            confidential=confidential,
            begins=begins,
            ends=ends,
            people=dict.fromkeys(row["people"].split(), ""),
        )

"""Projects of an application portal (OrderPortal), by its REST interface.

The list of orders says little of each; what the form was filled in with comes with the order.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from icestream.facility.asking import SourceChanged, SourceLacks, WebService, plain_text, secret_of
from icestream.facility.projects.kinds import PortalProjects
from icestream.facility.projects.project import Project

__all__ = ["Portal"]

_PERSON = 2
"""Name and e-mail address."""


class Portal:
    """A portal as a source of projects."""

    def __init__(self, section: PortalProjects) -> None:
        self._section = section

    @property
    def place(self) -> str:
        """The address of the service."""
        return f"the portal at {self._section.url}"

    def projects(self) -> tuple[Project, ...]:
        """All orders that have a code."""
        # Versions before 2020 answer the newest only without `recent`, later ones without `year`.
        query = {"recent": "False", "year": "all"}
        with self._service() as service:
            told = service.ask("GET", "/orders", query=query).json()
        items = told.get("items") if isinstance(told, dict) else None
        if not isinstance(items, list):
            raise self._changed("the list of orders", "items is missing")
        return tuple(self._project(item, whole=False) for item in items if self._code(item))

    def project(self, code: str) -> Project | None:
        """An order, with what its form was filled in with."""
        with self._service() as service:
            try:
                told = service.ask("GET", f"/order/{quote(code, safe='')}").json()
            except SourceLacks:
                return None
        if not isinstance(told, dict):
            raise self._changed(f"order {code}", "it is no object")
        return self._project(told, whole=True)

    def _code(self, item: Any) -> str:
        if not isinstance(item, dict):
            raise self._changed("an order", "it is no object")
        return plain_text(item.get("identifier"))

    def _project(self, item: Mapping[str, Any], *, whole: bool) -> Project:
        code, owner, state = self._code(item), item.get("owner"), item.get("status")
        if not code or not isinstance(owner, dict) or not isinstance(state, str):
            raise self._changed(f"order {code or '?'}", "identifier, owner or status is missing")
        email = plain_text(owner.get("email")).lower()
        fields = item.get("fields")
        told = fields if whole and isinstance(fields, dict) else {}
        section = self._section
        return Project(
            code=code,
            title=plain_text(item.get("title")),
            state="open" if state in section.accepted else state,
            pi=email or None,
            pi_name=_written(plain_text(owner.get("name"))),
            pi_email=email,
            team=email or None,
            institution=_text(told, section.institution_field),
            address=_text(told, section.address_field),
            reference=_text(told, section.reference_field),
            confidential=_yes(told, section.confidential_field),
            people=_people(told.get(section.people_field)),
        )

    def _service(self) -> WebService:
        section = self._section
        headers = {section.header: secret_of(section.key, "projects.key")}
        return WebService(section.url, headers=headers, certificates=section.certificates)

    def _changed(self, what: str, why: str) -> SourceChanged:
        return SourceChanged(
            f"{self.place}: {what} is not of the shape that OrderPortal has: {why}. Nothing of it "
            "is used"
        )


def _written(name: str) -> str:
    """``Curie, Maria`` as people write it."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}".strip() if comma else name.strip()


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return plain_text(value) if isinstance(value, str | int) else None


def _yes(fields: Mapping[str, Any], name: str) -> bool | None:
    value = fields.get(name)
    if value is None:
        return None
    # Whatever else a form may offer ("until publication", "ja") keeps the project to its people.
    return str(value).strip().lower() not in ("", "false", "no", "n", "0", "none")


def _people(listed: Any) -> dict[str, str] | None:
    """Those of a table of names and e-mail addresses; None where it is none."""
    if not isinstance(listed, list):
        return None
    found = {}
    for row in listed:
        if isinstance(row, list) and len(row) >= _PERSON and "@" in str(row[1]):
            found[plain_text(row[1]).lower()] = _written(plain_text(row[0]))
    return found

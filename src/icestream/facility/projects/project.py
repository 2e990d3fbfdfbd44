"""A project as its source has it, and what a source of projects is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Project", "ProjectSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A proposal, an application or an order, which microscope time is given to.

    What is None is not known to who said this: what was known before stays.
    """

    code: str
    title: str = ""
    state: str = "open"
    """``open``, or in the source's own word why there can be no session for it."""
    pi: str | None = None
    """Login of the principal investigator, or e-mail address where the source has no logins."""
    pi_name: str = ""
    pi_email: str = ""
    team: str | None = None
    """The group that pays."""
    institution: str | None = None
    address: str | None = None
    """Where its invoices go."""
    reference: str | None = None
    """What its invoices have to name."""
    confidential: bool | None = None
    begins: float | None = None
    ends: float | None = None
    people: Mapping[str, str] | None = field(default=None, hash=False)
    """Names of those who work on it by their logins, or e-mail addresses."""


class ProjectSource(Protocol):
    """Where projects are read from."""

    @property
    def place(self) -> str:
        """Where it is, without what is secret."""

    def projects(self) -> tuple[Project, ...]:
        """All projects, or an error; a list may know less of each than `project` does.

        Raises
        ------
        SourceError
            If it cannot tell all.
        """

    def project(self, code: str) -> Project | None:
        """All that is known of a project; None where there is none of this code.

        Raises
        ------
        SourceError
            If it cannot tell.
        """

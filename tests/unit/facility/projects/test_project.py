"""A project is a value that says what it does not know, and all sources are asked in one way."""

import inspect

import pytest

from icestream.facility.projects.csv_file import ProjectTable
from icestream.facility.projects.portal import Portal
from icestream.facility.projects.project import Project, ProjectSource


def test_what_is_not_known_is_none() -> None:
    one = Project(code="CEM00123")
    told = (one.pi, one.team, one.reference, one.confidential, one.people, one.ends)
    assert told == (None,) * 6
    assert one in {Project(code="CEM00123", people=None)}


@pytest.mark.parametrize("kind", [Portal, ProjectTable])
def test_sources_are_asked_in_one_way(kind: type) -> None:
    for name in ("projects", "project"):
        asked = inspect.signature(getattr(ProjectSource, name)).parameters
        assert list(inspect.signature(getattr(kind, name)).parameters) == list(asked)
    assert isinstance(inspect.getattr_static(kind, "place"), property)

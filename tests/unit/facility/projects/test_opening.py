"""Each section opens its source."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from icestream.facility.projects.kinds import ProjectsSection
from icestream.facility.projects.opening import project_source

READ = TypeAdapter(ProjectsSection)
PORTAL = {"kind": "portal", "url": "https://p.example/api/v1", "key": "x"}


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (PORTAL, "the portal at https://p.example/api/v1"),
        ({"kind": "csv", "file": "/p.csv"}, "/p.csv"),
    ],
)
def test_sources(given: dict[str, Any], place: str) -> None:
    source = project_source(READ.validate_python(given), "UTC")
    assert source is not None
    assert source.place == place


def test_none() -> None:
    assert project_source(READ.validate_python({"kind": "none"}), "UTC") is None


@pytest.mark.parametrize("wrong", [{"header": "X: y\r\n"}, {"accepted": []}, {"every": "1 s"}])
def test_what_is_wrong(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        READ.validate_python({**PORTAL, **wrong})

"""Sinks in the facility file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.facility.file import FacilityFileError, load_facility
from icestream.facility.sinks.kinds import IspybSinkSection

SINKS = """
[sinks.lims]
kind = "ispyb"
url = { env = "ISPYB_URL" }
visit = "{project}-1"
microscopes = "krios1"
paths = { "/data" = "/net/data" }

[sinks.site]
kind = "http"
url = { file = "/etc/url" }

[sinks.lines]
kind = "file"
folder = "{folder}/lines"

[sinks.scicat]
kind = "scicat"
url = "https://scicat.site.org"
user = "ingestor"
password = { env = "PW" }
contact = "em@site.org"

[sinks.icat]
kind = "icat"
host = "broker"
"""


def test_each_kind_has_its_own(write_facility: Callable[[str], Path]) -> None:
    file = load_facility(write_facility(SINKS)).file
    assert [one.kind for one in file.sinks.values()] == ["ispyb", "http", "file", "scicat", "icat"]
    lims = file.sinks["lims"]
    assert isinstance(lims, IspybSinkSection) and lims.microscopes == ("krios1",)
    assert not lims.confidential and lims.older == 30.0 and lims.recipe == "em-spa-preprocess"


def test_what_is_wrong_is_said_with_its_place(write_facility: Callable[[str], Path]) -> None:
    wrong = """
[sinks.a]
kind = "ispyb"
visit = "{beamline}"
[sinks.b]
kind = "ldap"
[sinks.c]
kind = "file"
folder = "here"
"""
    with pytest.raises(FacilityFileError) as error:
        load_facility(write_facility(wrong))
    said = str(error.value)
    assert "sinks.a" in said and "{booking}" in said and "sinks.b" in said and "sinks.c" in said


@pytest.mark.parametrize(
    ("sink", "says"),
    [
        ('kind = "icat"\nhost = "b"\ninvestigation = "{session}"', "{project}, {booking}"),
        ('kind = "ispyb"\nvisit = "{project.x}"', "{booking}, {title}"),
    ],
)
def test_a_template_names_only_what_that_sink_knows(
    write_facility: Callable[[str], Path], sink: str, says: str
) -> None:
    with pytest.raises(FacilityFileError) as error:
        load_facility(write_facility(f"[sinks.a]\n{sink}\n"))
    assert f"write a template of {says}" in str(error.value)

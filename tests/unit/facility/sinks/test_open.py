"""Sinks as the facility file says."""

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from icestream.facility.sinks.files import FileSink
from icestream.facility.sinks.http import HttpSink
from icestream.facility.sinks.icat import IcatSink
from icestream.facility.sinks.ispyb.sink import IspybSink
from icestream.facility.sinks.kinds import AnySink, IspybSinkSection
from icestream.facility.sinks.open import ispyb_url, open_sink
from icestream.facility.sinks.scicat import SciCatSink
from icestream.facility.sinks.sink import SinkDown

INI = """
[ispyb_sqlalchemy]
username = em
password = a%b@c
host = db.site.org
port = 3307
database = ispyb
"""


def section(**said: Any) -> Any:
    return TypeAdapter(AnySink).validate_python(said)


def ispyb(**said: Any) -> IspybSinkSection:
    return section(kind="ispyb", **said)  # type: ignore[no-any-return]


def test_each_kind_is_opened_without_being_asked(tmp_path: Path) -> None:
    for said, kind in (
        ({"kind": "ispyb", "url": "mysql://u:p@h/ispyb"}, IspybSink),
        ({"kind": "file", "folder": str(tmp_path)}, FileSink),
        ({"kind": "http", "url": "https://h", "secret": "s", "token": "t"}, HttpSink),
        ({"kind": "icat", "host": "h", "user": "u", "password": "p"}, IcatSink),
        ({"kind": "scicat", "url": "https://h", "user": "u", "password": "p", "contact": "c"},
         SciCatSink),
    ):  # fmt: skip
        sink = open_sink(section(**said), UTC)
        assert isinstance(sink, kind)
        sink.close()


def test_where_an_ispyb_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ispyb_url(ispyb(url="mysql://u:p@h/ispyb")).drivername == "mysql+pymysql"
    path = tmp_path / "ispyb.cfg"
    path.write_text(INI)
    for named in (ispyb(credentials=str(path)), ispyb()):
        monkeypatch.setenv("ISPYB_CREDENTIALS", str(path))
        url = ispyb_url(named)
        assert (url.username, url.password) == ("em", "a%b@c")
        assert (url.port, url.database) == (3307, "ispyb")
    monkeypatch.delenv("ISPYB_CREDENTIALS")
    for named, why in (
        (ispyb(), "neither url nor credentials"),
        (ispyb(url="postgresql://h/x"), "its url is of postgresql"),
        (ispyb(url="nonsense"), "its url is none of a database"),
        (ispyb(url={"env": "NOT_THERE"}), "has no NOT_THERE"),
        (ispyb(credentials=str(tmp_path / "no")), "cannot be read: No such file"),
    ):
        with pytest.raises(SinkDown, match=why):
            ispyb_url(named)
    path.write_text("[other]\n")
    with pytest.raises(SinkDown, match=r"has no section \[ispyb_sqlalchemy\]"):
        ispyb_url(ispyb(credentials=str(path)))

"""Sinks as their sections of the facility file say."""

import configparser
import os
from datetime import tzinfo
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from icestream.channels.receipt import Undelivered
from icestream.channels.secret import Secret
from icestream.facility.sinks.files import FileSink
from icestream.facility.sinks.http import HttpSink
from icestream.facility.sinks.icat import Broker, IcatSink
from icestream.facility.sinks.ispyb.sink import IspybSink
from icestream.facility.sinks.kinds import (
    AnySink,
    FileSinkSection,
    HttpSinkSection,
    IcatSinkSection,
    IspybSinkSection,
)
from icestream.facility.sinks.scicat import SciCatSink, SciCatUser
from icestream.facility.sinks.sink import Sink, SinkDown

__all__ = ["ispyb_url", "open_sink"]

_VARIABLE = "ISPYB_CREDENTIALS"
_INI = "ispyb_sqlalchemy"


def open_sink(section: AnySink, zone: tzinfo) -> Sink:
    """A sink; nothing is asked of it yet.

    Parameters
    ----------
    section
        Of the facility file.
    zone
        Of the facility's clock.

    Raises
    ------
    SinkDown
        If it cannot be told how to reach it.
    """
    if isinstance(section, IspybSinkSection):
        return IspybSink(ispyb_url(section), zone, section.recipe)
    if isinstance(section, FileSinkSection):
        return FileSink(section.folder)
    if isinstance(section, HttpSinkSection):
        return HttpSink(
            _read(section.url),
            None if section.secret is None else _read(section.secret),
            None if section.token is None else _read(section.token),
            section.certificates,
        )
    if isinstance(section, IcatSinkSection):
        broker = Broker(
            host=section.host,
            port=section.port,
            queue=section.queue,
            user=section.user,
            password=None if section.password is None else _read(section.password),
            tls=section.tls,
        )
        return IcatSink(broker, section.investigation)
    user = SciCatUser(
        name=section.user,
        password=_read(section.password),
        owner_group=section.owner_group,
        contact=section.contact,
        location=section.location,
        access_groups=section.access_groups,
    )
    return SciCatSink(section.url, user, section.certificates)


def ispyb_url(section: IspybSinkSection) -> URL:
    """Address of an ISPyB, from wherever the section says.

    Raises
    ------
    SinkDown
        If it is not there, or is no address of MariaDB or MySQL.
    """
    if section.url is None:
        return _url_of_file(section.credentials)
    text = _read(section.url)()
    try:
        url = make_url(text)
    except ArgumentError:
        raise SinkDown("its url is none of a database: write mysql+pymysql://user:password@host/"
                       "ispyb") from None  # fmt: skip
    backend = url.get_backend_name()
    if backend not in ("mysql", "mariadb"):
        raise SinkDown(f"its url is of {backend}, and ISPyB is in MariaDB or MySQL: write "
                       "mysql+pymysql://user:password@host/ispyb")  # fmt: skip
    return url.set(drivername=f"{backend}+pymysql") if "+" not in url.drivername else url


def _url_of_file(path: Path | None) -> URL:
    given = os.environ.get(_VARIABLE)
    place = path or (Path(given) if given else None)
    if place is None:
        raise SinkDown(
            f"it has neither url nor credentials, and the environment has no {_VARIABLE}: say "
            "where ISPyB is"
        )
    found = configparser.ConfigParser(interpolation=None)
    try:
        with place.open(encoding="utf-8") as file:
            found.read_file(file)
        known = found[_INI]
        return URL.create(
            "mysql+pymysql",
            username=known["username"],
            password=known["password"],
            host=known["host"],
            port=int(known.get("port", "3306")),
            database=known["database"],
        )
    except OSError as error:
        raise SinkDown(f"{place} cannot be read: {error.strerror}") from None
    except (configparser.Error, KeyError, ValueError):
        raise SinkDown(f"{place} has no section [{_INI}] with username, password, host, port and "
                       "database") from None  # fmt: skip


class _Read:
    """Reads a secret when it is used."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def __call__(self) -> str:
        try:
            return self._secret.read()
        except Undelivered as error:
            raise SinkDown(str(error)) from None


def _read(secret: Secret) -> _Read:
    return _Read(secret)

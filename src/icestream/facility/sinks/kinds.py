"""Sinks in the facility file: ``[sinks.NAME]``, each of a kind."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from icestream.channels.secret import Secret
from icestream.facility.kinds import Days, Section, Several, WholePath

__all__ = [
    "AnySink",
    "FileSinkSection",
    "HttpSinkSection",
    "IcatSinkSection",
    "IspybSinkSection",
    "SciCatSinkSection",
    "SinkSection",
]


def _template(*fields: str) -> AfterValidator:
    """A text that names what a session belongs to in braces."""

    def check(text: str) -> str:
        try:
            text.format(**dict.fromkeys(fields, ""))
        except (AttributeError, KeyError, IndexError, ValueError):
            known = ", ".join(f"{{{name}}}" for name in fields)
            raise ValueError(f"write a template of {known}, found {text!r}") from None
        return text

    return AfterValidator(check)


_Visit = Annotated[str, _template("booking", "title", "project", "session", "microscope")]
_Owner = Annotated[str, _template("project", "microscope")]
_Investigation = Annotated[str, _template("project", "booking")]


class SinkSection(Section):
    """What all sinks have."""

    microscopes: Several = ()
    """Names of the microscopes whose sessions are delivered; of all when not given."""
    confidential: bool = False
    """Whether sessions of confidential projects are delivered, too."""
    paths: dict[str, str] = Field(default_factory=dict)
    """How the sink's side calls folders of this machine: { "/data" = "/net/em/data" }. The longest
    beginning that fits is replaced."""
    older: Days = 30.0
    """Sessions that ended longer ago are left alone."""


class IspybSinkSection(SinkSection):
    """ISPyB: its tables in MariaDB or MySQL."""

    kind: Literal["ispyb"]
    url: Secret | None = None
    """Address of the database, ``mysql+pymysql://user:password@host:3306/ispyb``, as text, in a
    file or in the environment."""
    credentials: WholePath | None = None
    """A file as ISPyB's own programs read it: an ini file with a section ``[ispyb_sqlalchemy]`` of
    username, password, host, port and database. That of the variable ``ISPYB_CREDENTIALS`` when
    neither is given."""
    visit: _Visit = "{booking}"
    """What ISPyB calls the session: a visit such as ``cm31111-5``, or a number of ``BLSession``.
    The reference of its booking, unless a person says otherwise (icestream facility sinks SESSION
    --visit VISIT); nothing is guessed. It may name {booking}, {title} of the booking, {project},
    {session} and {microscope}. A reference that is a number alone is taken for that of a
    ``BLSession`` only where this is given: booking systems have numbers of their own."""
    recipe: Annotated[str, Field(min_length=1, max_length=50)] = "em-spa-preprocess"
    """Of processing jobs: pages of ISPyB choose by it how they show one."""


class HttpSinkSection(SinkSection):
    """JSON that is posted to a server of the site."""

    kind: Literal["http"]
    url: Secret
    """Where to."""
    token: Secret | None = None
    """Sent as ``Authorization: Bearer``."""
    secret: Secret | None = None
    """By which shipments are signed (``X-Icestream-Signature``)."""
    certificates: WholePath | None = None
    """A file with certificates that are trusted, beside those of the machine."""


class FileSinkSection(SinkSection):
    """Lines of JSON in a file for each session."""

    kind: Literal["file"]
    folder: WholePath
    """Of the files; it has to be there."""


class SciCatSinkSection(SinkSection):
    """SciCat: a data set of the movies and one of the results for each session."""

    kind: Literal["scicat"]
    url: Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
    """Of the server, without ``/api``."""
    user: str
    """Who is let in."""
    password: Secret
    """Of the user."""
    contact: str
    """Address of whom to ask about data sets."""
    owner_group: _Owner = "{project}"
    """Template of the group of the catalogue that data sets belong to: {project}, {microscope}."""
    access_groups: Several = ()
    """Groups that may read them, too."""
    location: _Owner = "{microscope}"
    """Template of where data are made."""
    certificates: WholePath | None = None
    """A file with certificates that are trusted, beside those of the machine."""


class IcatSinkSection(SinkSection):
    """ICAT as the ESRF runs it: each session is announced to its broker when it is done."""

    kind: Literal["icat"]
    host: str
    """Of the broker."""
    port: Annotated[int, Field(ge=1, le=65535)] = 61613
    """Where it speaks STOMP."""
    queue: str = "icatIngest"
    """Where the ingester listens."""
    user: str = ""
    """Who is let in; nobody in particular when empty."""
    password: Secret | None = None
    """Of the user."""
    tls: bool = False
    """Whether the connection is encrypted."""
    investigation: _Investigation = "{project}"
    """Template of what the investigation is called: {project}, or {booking}."""


AnySink = Annotated[
    IspybSinkSection | HttpSinkSection | FileSinkSection | SciCatSinkSection | IcatSinkSection,
    Field(discriminator="kind"),
]

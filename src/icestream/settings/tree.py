"""Settings of the machine and the site: one tree, read once, passed down.

A value is taken from the first of: the command line, the environment (``ICESTREAM_CORES``), the
person's TOML file, the site's TOML file, the default. What belongs to one session, such as a
pixel size, is no setting but a parameter of a step.
"""

import json
import os
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt
from pydantic import (
    BeforeValidator,
    ByteSize,
    Field,
    SecretStr,
    Strict,
    StringConstraints,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from icestream.alike import meant
from icestream.channels.kinds import Channel, Channels
from icestream.documents import read_toml
from icestream.engine.executors.cluster.kinds import Cluster
from icestream.login.kinds import Login
from icestream.protocol.executable import tell_places
from icestream.protocol.parameters import refused_values, unusual_values
from icestream.protocols.preset import Preset
from icestream.settings.objects import ObjectStore
from icestream.store.places import state_folder
from icestream.units import Second, Unit, Usual
from icestream.usage.kinds import Usage

__all__ = [
    "PREFIX",
    "SITE_FILE",
    "Loaded",
    "Settings",
    "SettingsError",
    "checked",
    "document_of",
    "load",
    "no_setting",
    "origins",
    "person_file",
    "read_folders",
    "read_programs",
    "read_tokens",
    "settings_files",
    "stamp",
]

LOCAL = "local"
"""The executor that is this machine."""
SITE_FILE = Path("/etc/icestream/settings.toml")
PREFIX = "ICESTREAM_"


_TEXTS: ContextVar[Mapping[Path, str]] = ContextVar("texts of files", default={})  # noqa: B039
"""What files shall say that are not written yet."""


class SettingsError(ValueError):
    """A setting that is unknown or not valid, with the place it came from.

    Attributes
    ----------
    problems
        Each value that is wrong, by its dotted name, and why.
    """

    def __init__(self, said: str, problems: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(said)
        self.problems = tuple(problems)


def person_file() -> Path:
    """The person's own file: $ICESTREAM_SETTINGS, or in the folder for configuration."""
    given = os.environ.get(PREFIX + "SETTINGS")
    if given:
        return Path(given)
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "icestream" / "settings.toml"


def settings_files() -> tuple[Path, Path]:
    """The person's file and the site's; the first that says something wins."""
    return person_file(), SITE_FILE


def stamp() -> object:
    """What is another one when the files are."""
    return tuple(_stamp(path) for path in settings_files())


def _stamp(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return path
    return path, status.st_ino, status.st_size, status.st_mtime_ns


def document_of(path: Path) -> dict[str, Any]:
    """What a file of settings says, as it is; nothing where it is not there.

    Raises
    ------
    SettingsError
        If it is no TOML.
    """
    try:
        text = _TEXTS.get().get(path)
        return read_toml(path.read_bytes() if text is None else text)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None


def read_tokens(given: Any) -> Any:
    """What the environment says, ``relion=2,topaz=1`` or a JSON object, as a mapping."""
    if isinstance(given, MappingProxyType):
        return dict(given)
    if not isinstance(given, str):
        return given
    if given.lstrip().startswith("{"):
        return json.loads(given)
    tokens: dict[str, Any] = {}
    for part in filter(None, map(str.strip, given.split(","))):
        name, equals, count = part.partition("=")
        if not equals:
            raise ValueError(f"{part!r} is no name=number, such as relion=2")
        count = count.strip()
        tokens[name.strip()] = int(count) if count.lstrip("-").isdecimal() else count
    return tokens


def read_programs(given: Any) -> Any:
    """What the environment says, ``relion=/opt/relion,topaz=/opt/topaz`` or JSON, as a mapping."""
    if isinstance(given, MappingProxyType):
        return dict(given)
    if not isinstance(given, str):
        return given
    if given.lstrip().startswith("{"):
        return json.loads(given)
    places: dict[str, Any] = {}
    for part in filter(None, map(str.strip, given.split(","))):
        name, equals, place = part.partition("=")
        if not equals:
            raise ValueError(f"{part!r} is no name=path, such as MotionCor2=/opt/MotionCor2")
        places[name.strip()] = place.strip()
    return places


def read_folders(given: Any) -> Any:
    """What the environment says, ``/data:/scratch`` or a JSON list; of a file as it is."""
    if not isinstance(given, str):
        return given
    return json.loads(given) if given.lstrip().startswith("[") else given.split(os.pathsep)


TokenName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*$")]
Copies = Annotated[int, Strict(), Ge(1)]


class Settings(BaseSettings):
    """What holds for every session on this machine."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    cores: Annotated[int, Ge(1), Usual(1.0, 10000.0)] | None = None
    """CPU cores that all sessions together may use; all that the system allows when not given."""

    memory: Annotated[ByteSize, Unit("B"), Usual(1e9, 1e14)] | None = None
    """Memory that all sessions together may use, such as 64GB; 90 % of all when not given."""

    tokens: Annotated[dict[TokenName, Copies], NoDecode, BeforeValidator(read_tokens)] = {}
    """Copies of a program that all sessions together may run at once, for each token that protocols
    ask for: { relion = 2 } in a file, relion=2,topaz=1 in the environment. A token that is not
    named is not limited."""

    programs: Annotated[dict[TokenName, Path], NoDecode, BeforeValidator(read_programs)] = {}
    """Where programs are that protocols run, by the names that the protocols know them by, those of
    the PATH when not given: { MotionCor2 = "/opt/motioncor2/MotionCor2_1.6.4" } in a file,
    MotionCor2=/opt/motioncor2/MotionCor2_1.6.4 in the environment."""

    executors: dict[TokenName, Cluster] = {}
    """Clusters on whose nodes tasks can run, by their names: [executors.slurm] in a file, with kind
    (slurm, pbs, sge, lsf, htcondor, ssh, dask) and what belongs to it."""

    executor: TokenName = LOCAL
    """Where tasks of sessions run: local, on this machine, or the name of one of the executors."""

    state: Path = Field(default_factory=state_folder)
    """Folder for what the sessions of this machine share: the account of its resources."""

    store: SecretStr | None = None
    """PostgreSQL address for the sessions' stores (postgresql://...); a file in each session's
    folder when not given."""

    microscopes: dict[TokenName, Preset] = {}
    """What is known of each microscope, by its name: [microscopes.krios1] in a file, with voltage,
    spherical_aberration, amplitude_contrast, camera, gain_rotation, gain_flip, gain_inverse, and
    instruments, the names by which its metadata call it."""

    roots: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(read_folders)] = ()
    """Folders in which the web application looks for movies, beside those whose sessions it shows:
    ["/data"] in a file, /data:/scratch in the environment. Nothing outside of them is shown."""

    channels: dict[TokenName, Channel] = {}
    """Ways by which alerts reach people, by their names: [channels.staff] in a file, with kind
    (email, slack, mattermost, teams, webhook, command, log) and what belongs to it."""

    objects: dict[str, ObjectStore] = {}
    """Stores of objects by their buckets, "*" for all others: [objects."*"] in a file, with
    endpoint, region, key and secret, or profile (icestream process s3://bucket/prefix)."""

    login: Login = Login()
    """How people log in to the server, and for how long: [login] in a file, with [login.ldap] and
    [login.oidc]."""

    usage: Usage = Usage()
    """Usage statistics: [usage] in a file, with send, collector and country. Nothing is counted and
    nothing is sent unless send is true (icestream usage on)."""

    report_interval: Annotated[Second, Gt(0), Usual(0.1, 3600.0)] = 5.0
    """Time between two updates of a live report."""

    report_publish: SecretStr | None = None
    """Where each session's report is brought after each update: user@host:/path/{session}/ for
    rsync, or a program with its arguments; nowhere when not given."""

    worker_silence: Annotated[Second, Ge(1), Usual(1.0, 86400.0)] = 120.0
    """Time without a sign of life after which a worker process, stopped or waiting for a disk that
    does not answer, is killed and its task tried again."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least important events that the terminal shows."""

    def cluster(self) -> Cluster | None:
        """The cluster on whose nodes tasks run; None: on this machine."""
        return None if self.executor == LOCAL else self.executors[self.executor]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, environment, the person's file, the site's file."""
        files = (_File(settings_cls, document_of(path)) for path in settings_files())
        return (init_settings, env_settings, *files)


class _File(InitSettingsSource):
    """A file whose tables are values like others: the nearest one holds, none are merged."""

    def __call__(self) -> dict[str, Any]:
        """What the file says."""
        return {
            name: MappingProxyType(value) if isinstance(value, dict) else value
            for name, value in super().__call__().items()
        }


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and where each value came from."""

    settings: Settings
    origins: dict[str, str]
    given: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What came from the command line, with which they are read again."""
    stamp: object = field(default=None, repr=False, compare=False)
    """What `stamp` said of the files when they were read."""

    @property
    def channels(self) -> Channels:
        """Ways by which alerts reach people, and where they are said."""
        return Channels(self.settings.channels, self.origins["channels"])


def load(**given: Any) -> Loaded:
    """Gather the settings; `given` comes from the command line, None meaning not given.

    Programs are looked for from then on where the settings say.

    Raises
    ------
    SettingsError
        If a value is not valid or makes no sense, or a name is unknown; says where it stands.
    """
    given = {name: value for name, value in given.items() if value is not None}
    files = stamp()
    places = origins(given)
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise _refused(error, places) from None
    _ask_about(settings, places)
    _find_executor(settings, places)
    known = {name: places[name] for name in Settings.model_fields}
    if not _TEXTS.get():  # on trial, nothing is done
        tell_places(settings.programs)
    return Loaded(settings, known, given, files)


def checked(path: Path, text: str, given: Mapping[str, Any]) -> Loaded:
    """What the settings would be if a file had another text; all of the file is looked at.

    Raises
    ------
    SettingsError
        If they could not be read then: by this machine, or from that file alone.
    """
    before = _TEXTS.set({path: text})
    try:
        document = document_of(path)
        places = dict.fromkeys(document, str(path))
        try:
            alone = Settings.model_validate(document)
        except ValidationError as error:
            raise _refused(error, places) from None
        _ask_about(alone, places)
        return load(**given)
    finally:
        _TEXTS.reset(before)


def _refused(error: ValidationError, places: Mapping[str, str]) -> SettingsError:
    found = [
        (".".join(map(str, problem["loc"])), why, _sentence(problem, why, places))
        for problem, (_, why) in zip(error.errors(), refused_values(Settings, error), strict=True)
    ]
    said = "; ".join(sentence for _, _, sentence in found)
    return SettingsError(said, [(name, why) for name, why, _ in found])


def _ask_about(settings: Settings, places: Mapping[str, str]) -> None:
    """Refuse values that are not usual."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    odd = [(name, name, why) for name, why in unusual_values(Settings, given)]
    odd += [
        ("microscopes", f"microscopes.{name}.{value}", why)
        for name, preset in settings.microscopes.items()
        for value, why in unusual_values(Preset, preset.changed())
    ]
    if odd:
        said = "; ".join(f"{places[name]}: {whole}: {why}" for name, whole, why in odd)
        raise SettingsError(said, [(whole, why) for _, whole, why in odd])


def _find_executor(settings: Settings, places: Mapping[str, str]) -> None:
    """Refuse an executor that is not there; it may stand in another file than the clusters."""
    if LOCAL in settings.executors:
        why = f"{LOCAL} is this machine: give the cluster another name"
        raise SettingsError(
            f"{places['executors']}: executors.{LOCAL}: {why}", [(f"executors.{LOCAL}", why)]
        )
    known = [LOCAL, *settings.executors]
    if settings.executor not in known:
        hint = meant(settings.executor, known) or f"there are {', '.join(known)}"
        why = f"there is no such executor; {hint}"
        raise SettingsError(
            f"{places['executor']}: executor = {settings.executor!r}: {why}", [("executor", why)]
        )


def origins(given: Mapping[str, Any]) -> dict[str, str]:
    """Where the value of each setting stands that wins, unknown names too."""
    found = dict.fromkeys(Settings.model_fields, "default")
    for path in reversed(settings_files()):
        found |= dict.fromkeys(document_of(path), str(path))
    for name in Settings.model_fields:
        if PREFIX + name.upper() in os.environ:
            found[name] = f"${PREFIX}{name.upper()}"
    return found | dict.fromkeys(given, "command line")


def no_setting(name: str) -> str:
    """That there is no setting of that name, and what may be meant."""
    known = Settings.model_fields
    hint = meant(name, known) or f"there are {', '.join(known)}"
    return f"there is no setting {name!r}; {hint}"


def _sentence(problem: Any, why: str, places: Mapping[str, str]) -> str:
    name, *inside = map(str, problem["loc"])
    if problem["type"] == "extra_forbidden" and not inside:
        return f"{places[name]}: {no_setting(name)}"
    whole = ".".join([name, *inside])
    if name in (
        "channels",
        "login",
        "objects",
    ):  # what was given may be a password, or have one in it
        return f"{places[name]}: {whole}: {why}"
    return f"{places[name]}: {whole} = {problem['input']!r}: {why}"

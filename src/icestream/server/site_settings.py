"""What an administrator changes of the settings in a browser, and what only a file can say.

Whoever may edit a file of settings can have this machine run programs, and decides what the server
shows and whom it lets in. An administrator in a browser cannot: nothing that they say names a
program, a path or a variable of this machine, or opens the server wider; and a secret that is kept
goes nowhere but where it was given for.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, TypeAdapter, ValidationError

from icestream.channels.kinds import Channel
from icestream.channels.secret import Secret
from icestream.protocol import refused_values
from icestream.protocols.preset import Preset
from icestream.server.context import Server
from icestream.server.errors import Problem, Refused
from icestream.server.people.gate import visitors_of
from icestream.settings import Loaded, Settings, SettingsError
from icestream.settings.change import (
    ChangedSettings,
    SaidElsewhere,
    SettingsChanged,
    change,
    file_for,
    in_words,
)
from icestream.settings.names import Name, types_at
from icestream.settings.tree import document_of

__all__ = [
    "CHANNELS_HERE",
    "ONLY_IN_FILES",
    "SETTINGS_HERE",
    "channel_model",
    "channel_said",
    "forms",
    "locked_channel",
    "locked_setting",
    "said_in_file",
    "tried",
    "write",
]

SETTINGS_HERE = (
    "cores",
    "memory",
    "tokens",
    "report_interval",
    "worker_silence",
    "log_level",
    "roots",
)
"""Settings that are changed one by one; microscopes and channels have screens of their own."""
ONLY_IN_FILES: Mapping[str, str] = {
    "state": "the accounts of this server are kept there",
    "programs": "it names programs that this machine runs",
    "store": "it says where the data of every session go",
    "objects": "it says where keys are, and whom they are shown to",
    "executors": "it says which commands start nodes, and on which machines",
    "executor": "it says on which machines sessions run",
    "login": "it says who comes in",
    "usage": "it says what leaves this machine, and where to",
    "report_publish": "it can name a program that is run",
}
"""What no browser changes, and why."""
CHANNELS_HERE = ("email", "slack", "mattermost", "teams", "webhook")
_CHANNELS_IN_FILES: Mapping[str, str] = {
    "command": "it names a program that this machine runs",
    "log": "it names a file that this machine writes",
}
_KINDS: Mapping[str, type[BaseModel]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model
    for model in get_args(get_args(Channel)[0])
}
_BOUND: Mapping[str, tuple[str, ...]] = {
    "password": ("server", "port", "security", "user"),
    "token": ("url",),
}
"""Secrets, and what says where they go: where that becomes another one they are given anew."""
_CHANNEL: TypeAdapter[Any] = TypeAdapter(Channel)


def locked_setting(name: str, loaded: Loaded) -> str | None:
    """Why a setting cannot be changed in a browser; None: it can."""
    if name in ONLY_IN_FILES:
        return f"{ONLY_IN_FILES[name]}: say it in a file on the machine"
    try:
        file_for(name, loaded.origins[name])
    except SaidElsewhere as error:
        return str(error)
    return None


def locked_channel(kind: str) -> str | None:
    """Why a channel cannot be made or changed in a browser; None: it can."""
    why = _CHANNELS_IN_FILES.get(kind)
    return f"{why}: write it into a file of settings on the machine" if why else None


def channel_model(kind: str) -> type[BaseModel]:
    """The model of a kind of channels.

    Raises
    ------
    Refused
        If there is none, or no browser makes one.
    """
    if kind in CHANNELS_HERE:
        return _KINDS[kind]
    if why := locked_channel(kind):
        raise Refused(403, f"a channel of kind {kind} is not made or changed in a browser", why)
    known = ", ".join(CHANNELS_HERE)
    raise _wrong("kind", f"there is no kind of channels {kind!r}; there are {known}")


def said_in_file(name: Name, loaded: Loaded) -> Any:
    """What the file that says a setting has at that name, as it is written; None: nothing."""
    inside: Any = document_of(Path(loaded.origins[name[0]]))
    for part in name:
        inside = inside.get(part) if isinstance(inside, dict) else None
    return inside


def channel_said(given: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    """A channel as it shall stand in the file: what is given, and the secrets that are kept.

    Parameters
    ----------
    given
        Its kind and values. A secret is text; one that is not given is kept, None takes it out.
    old
        What the file says of it now, as `said_in_file` gives it.

    Raises
    ------
    Refused
        If it is not to be made in a browser, or would send a kept secret elsewhere.
    """
    kind = given.get("kind")
    model = channel_model(kind if isinstance(kind, str) else "")
    if old is not None and (why := locked_channel(str(old.get("kind")))):
        raise Refused(403, f"a channel of kind {old['kind']} is not changed in a browser", why)
    said: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kinds = types_at(("channels", "any", name))
        if Secret in kinds:
            value = given[name] if name in given else _kept(name, given, old)
            if name in given and value is not None and not (isinstance(value, str) and value):
                raise _wrong(
                    name, "a secret is given as text here; a file or a variable only in a file"
                )
        elif Path in kinds:  # a file of this machine
            if given.get(name) is not None:
                raise _wrong(name, "a file of this machine is only named in a file of settings")
            value = (old or {}).get(name)
        else:
            value = given.get(name)
        usual = value == _default(field) and name not in (old or {})
        if value is not None and (name == "kind" or not usual):
            said[name] = value
    unknown = {name: value for name, value in given.items() if name not in model.model_fields}
    _check_address(said.get("url"))
    return said | unknown  # which the model refuses, with what may be meant


def _default(field: Any) -> Any:
    default = field.get_default(call_default_factory=True)
    return list(default) if isinstance(default, tuple) else default


def _kept(name: str, given: Mapping[str, Any], old: Mapping[str, Any] | None) -> Any:
    """A secret that is not given anew, if what it is for stays."""
    if old is None or name not in old or (name == "password" and given.get("user") is None):
        return None
    fields = _KINDS[str(given["kind"])].model_fields

    def stays(bound: str) -> bool:
        if Secret in types_at(("channels", "any", bound)):
            return bound not in given
        default = _default(fields[bound])
        return bool(given.get(bound, default) == old.get(bound, default))

    if old.get("kind") != given["kind"] or not all(map(stays, _BOUND.get(name, ()))):
        raise _wrong(name, "give it again: what is kept goes nowhere but where it was given for")
    return old[name]


def _check_address(url: Any) -> None:
    if not isinstance(url, str):
        return
    if not url.isprintable():
        raise _wrong("url", "it has something that is not a letter")
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise _wrong("url", "it does not begin with https:// or http:// and a server")


def tried(said: Mapping[str, Any]) -> Any:
    """The channel that is described, to be tried before it is kept.

    Raises
    ------
    Refused
        If it is not valid.
    """
    try:
        return _CHANNEL.validate_python(dict(said))
    except ValidationError as error:
        kind = str(said.get("kind"))
        problems = [
            Problem(where=_within(where, kind), what=what)
            for where, what in refused_values(_KINDS[kind], error)
        ]
    raise Refused(422, "the channel is not valid", None, problems)


def write(
    server: Server, values: Mapping[Name, Any], revision: str, *, who: str, address: str
) -> ChangedSettings:
    """Change the settings for somebody in a browser; the audit log has it, without secrets.

    Parameters
    ----------
    server
        Whose settings they are.
    values
        What each name shall be; None: it is taken out of the file.
    revision
        Of the files that the person saw.
    who, address
        Of the person.

    Raises
    ------
    Refused
        If it is not valid, not to be changed here, or was changed by somebody else meanwhile.
    """
    before = server.loaded
    try:
        done = change(
            values,
            expected=revision,
            given=before.given,
            approve=lambda after: _check_no_wider(before.settings, after.settings),
        )
    except SettingsError as error:
        prefix = ".".join(next(iter(values)))
        problems = [
            Problem(where=_within(where, prefix, *_KINDS), what=what)
            for where, what in error.problems
        ]
        raise Refused(422, str(error), "nothing was changed", problems or None) from None
    except (SettingsChanged, SaidElsewhere) as error:
        raise Refused(409, str(error)) from None
    except OSError as error:
        said = f"{error.filename}: {error.strerror}"
        raise Refused(409, said, "change it on the machine: icestream settings set") from None
    visitors_of(server).audit.add(
        who,
        "settings changed",
        ", ".join(one.name for one in done.differences),
        address=address,
        details={"file": done.file, "change": in_words(done.differences)},
    )
    return done


def _check_no_wider(before: Settings, after: Settings) -> None:
    """Refuse what would show folders that are not shown now."""
    new = [str(root) for root in after.roots if root not in before.roots]
    if new:
        raise Refused(
            403,
            f"a browser takes folders away and adds none: {', '.join(new)} would be shown",
            "add it on the machine: icestream settings set"
            f" roots={':'.join(map(str, (*before.roots, *new)))}",
        )


def _within(where: str, *prefixes: str) -> str:
    """A dotted name without what it begins with."""
    for prefix in prefixes:
        if where == prefix or where.startswith(f"{prefix}."):
            where = where[len(prefix) + 1 :]
    return where


def _wrong(where: str, what: str) -> Refused:
    return Refused(422, f"{where}: {what}", None, [Problem(where=where, what=what)])


def forms() -> dict[str, dict[str, Any]]:
    """JSON Schemas of what is entered: of the settings, a microscope, and each kind of channels."""
    settings = Settings.model_json_schema()
    shown = {name: settings["properties"][name] for name in SETTINGS_HERE if name != "roots"}
    return {
        "settings": {"type": "object", "properties": shown},
        "microscope": Preset.model_json_schema(),
        **{kind: _channel_form(kind) for kind in CHANNELS_HERE},
    }


def _channel_form(kind: str) -> dict[str, Any]:
    """What is entered for a channel: without its kind, and without files of the machine."""
    schema = _KINDS[kind].model_json_schema()
    fields: dict[str, Any] = {}
    for name, described in schema["properties"].items():
        kinds = types_at(("channels", "any", name))
        if Secret in kinds:
            help_ = described.get("description", "")
            fields[name] = {"type": "string", "writeOnly": True, "description": help_}
        elif name != "kind" and Path not in kinds:
            fields[name] = described
    # What is needed comes first, who gets what after it.
    own = [name for name in fields if name not in _KINDS["log"].model_fields]
    ordered = {name: fields[name] for name in (*own, *fields)}
    required = [name for name in schema.get("required", ()) if name in fields]
    return {"type": "object", "properties": ordered, "required": required}

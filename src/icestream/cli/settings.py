"""`icestream settings`: each value and its origin, changing them, trying the channels of alerts."""

import datetime
import getpass
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from cyclopts import App, Parameter
from pydantic import SecretStr

from icestream.alike import hint
from icestream.channels.kinds import Channel
from icestream.channels.receipt import Undelivered
from icestream.channels.secret import Secret
from icestream.channels.send import send, trial
from icestream.cli.terminal import print_json, print_table
from icestream.documents import read_toml
from icestream.engine.machine.naming import person_here
from icestream.protocol import unit_of
from icestream.protocol.describe import value_words
from icestream.settings import SITE_FILE, Settings, SettingsError, load, person_file
from icestream.settings.change import EFFECT, ChangedSettings, Effect, change, in_words
from icestream.settings.names import Name, is_secret, name_of, types_at
from icestream.settings.tree import read_folders, read_programs, read_tokens

__all__ = ["app", "change_settings"]

app = App(name="settings", help="Show each setting and where it came from; change them.")

Site = Annotated[bool, Parameter(negative="")]
_ASK = "-"
_WHEN: Mapping[Effect, str] = {
    "at once": "holds at once",
    "new sessions": "holds for what is started from now on",
    "restart": "holds for what is started from now on; a server has to be started again",
}


@app.command
def show(*, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Show every setting, its value, its origin and what it does.

    Parameters
    ----------
    json
        For programs.
    """
    loaded = load()
    values = loaded.settings.model_dump(mode="json")
    if json:
        print_json(
            {
                name: {"value": value, "origin": loaded.origins[name]}
                for name, value in values.items()
            }
        )
        return
    # Of a channel its kind is enough here: the rest is another command's.
    values["channels"] = {name: one.kind for name, one in loaded.settings.channels.items()}
    print_table(
        ("setting", "value", "from", "what it does"),
        [
            (
                name,
                value_words(value, unit_of(Settings.model_fields[name]) or ""),
                loaded.origins[name],
                " ".join((Settings.model_fields[name].description or "").split()),
            )
            for name, value in values.items()
        ],
    )
    files = ", then ".join(
        f"{file} ({'found' if file.exists() else 'not there'})"
        for file in (person_file(), SITE_FILE)
    )
    print(f"files looked for: {files}; environment: ICESTREAM_<SETTING>")


@app.command(name="set")
def set_(*values: str, site: Site = False) -> None:
    """Change settings in the file that says them, or in your own; its comments stay.

    All of the file is looked at before it is replaced: what is not valid changes nothing.

    Parameters
    ----------
    values
        name=value, such as cores=16, microscopes.krios1.voltage=300 or
        channels.room.levels=warning;critical; several at once if they go together. Of a secret the
        value is - : it is asked for, or read from standard input, for arguments can be read by
        everybody on the machine.
    site
        Change the site's file, /etc/icestream/settings.toml.
    """
    if not values:
        raise SettingsError("say what to set, such as: icestream settings set cores=16")
    said: dict[Name, Any] = {}
    for text in values:
        written, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"{text!r}: write name=value")
        name = name_of(written)
        said[name] = _value(name, written.strip(), value.strip())
    change_settings(said, site=site)


@app.command
def unset(*names: str, site: Site = False) -> None:
    """Take settings out of the file that says them: the next file says them, or the default holds.

    Parameters
    ----------
    names
        Such as cores, microscopes.krios1 (all of it) or channels.room.quiet.
    site
        Change the site's file, /etc/icestream/settings.toml.
    """
    if not names:
        raise SettingsError("say what to take out, such as: icestream settings unset cores")
    change_settings({name_of(name): None for name in names}, site=site)


def change_settings(
    values: Mapping[Name, Any], *, site: bool = False, file: Path | None = None
) -> None:
    """Change a file of settings: the site's, or one, or that which says them; say what that did."""
    changed = change(values, file=SITE_FILE if site else file)
    if not changed.differences:
        print(f"{changed.file} says that already")
        return
    _write_down(changed)
    print(f"{in_words(changed.differences)}; in {changed.file}")
    for top in dict.fromkeys(name[0] for name in values):
        if top in EFFECT:
            print(f"{top} {_WHEN[EFFECT[top]]}; it is said by: {changed.loaded.origins[top]}")


def _write_down(changed: ChangedSettings) -> None:
    """Say it in the audit log of the server, where this machine has one."""
    from icestream.server.people.audit import Audit
    from icestream.server.people.database import FILE, Database

    file = changed.loaded.settings.state / FILE
    if file.exists():
        with closing(Database(file.parent)) as database:
            Audit(database).add(
                person_here(),
                "settings changed",
                ", ".join(one.name for one in changed.differences),
                address="command line",
                details={"file": changed.file, "change": in_words(changed.differences)},
            )


def _value(name: Name, written: str, text: str) -> Any:
    """What a person means: as TOML where that is a value of the setting, else the text itself."""
    kinds = types_at(name)
    if is_secret(name) and not text.startswith("{") and not {str, Path} & set(kinds):
        if text != _ASK:
            raise SettingsError(
                f"{written} is a secret, and everybody on this machine could read it here: write"
                f" {written}={_ASK} and give it when it is asked for, or, for a channel,"
                f" {written}.file=/path or {written}.env=NAME"
            )
        return _asked(written)
    if name == ("tokens",):
        return read_tokens(text)
    if name == ("programs",):
        return read_programs(text)
    if name == ("roots",):
        return list(read_folders(text))
    quoted = text[:1] in ('"', "'", "[", "{")
    if any(get_origin(kind) is tuple for kind in kinds) and not quoted:
        return [part.strip() for part in text.split(";") if part.strip()]
    if any(map(_is_text, kinds)) and not quoted:
        return text
    try:
        value = read_toml(f"value = {text}")["value"]
    except (ValueError, KeyError):
        return text
    return text if isinstance(value, datetime.date | datetime.time) else value


def _is_text(kind: Any) -> bool:
    words = get_origin(kind) is Literal and all(isinstance(one, str) for one in get_args(kind))
    return words or kind in (str, Path, Secret, SecretStr)


def _asked(written: str) -> str:
    """A secret from the terminal, or a line of standard input."""
    if sys.stdin is not None and sys.stdin.isatty():
        given = getpass.getpass(f"{written}: ")
    else:
        given = "" if sys.stdin is None else sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise SettingsError(f"{written} is asked for, or read from standard input: nothing came")
    return given


class UnknownChannel(LookupError):
    """A channel of which the settings say nothing."""


@app.command
def channels(
    *,
    test: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """List the channels by which alerts reach people, or try one of them.

    Parameters
    ----------
    test
        Send a message over the channel of this name, and say what the server answered.
    json
        For programs.
    """
    loaded = load()
    there = loaded.settings.channels
    if test is not None:
        if test not in there:
            known = f"there are {', '.join(there)}" if there else "there is none"
            known += hint(test, there) or "."
            raise UnknownChannel(
                f"no channel {test!r} in the settings: {known} Write [channels.{test}] into "
                f"{person_file()} or {SITE_FILE}, or: icestream settings set"
                f" channels.{test}.kind=..."
            )
        return _try(test, there[test], loaded.origins["channels"])
    if json:
        print_json({name: one.model_dump(mode="json") for name, one in there.items()})
        return 0
    if not there:
        print(f"no channel: write [channels.NAME] into {person_file()} or {SITE_FILE}")
        return 0
    print_table(
        ("channel", "kind", "leads to", "levels", "sessions", "quiet"),
        [
            (
                name,
                one.kind,
                _place(one),
                ", ".join(one.levels),
                ", ".join(one.sessions),
                one.quiet or "never",
            )
            for name, one in there.items()
        ],
    )
    print(f"from {loaded.origins['channels']}")
    return 0


def _try(name: str, channel: Channel, origin: str) -> int:
    try:
        answer = send(channel, trial(name))
    except Undelivered as error:
        print(f'{name}: {error}; look at the channel "{name}" in {origin}')
        return 1
    print(f"{name}: {answer.text}{f'; {answer.refused}' if answer.refused else ''}")
    return 1 if answer.refused else 0


def _place(channel: Channel) -> str:
    try:
        return channel.place
    except Undelivered as error:
        return str(error)

"""`icestream settings`: each value, and where it came from; trying the channels of alerts."""

from typing import Annotated

from cyclopts import App, Parameter

from icestream.alike import hint
from icestream.channels.kinds import Channel
from icestream.channels.receipt import Undelivered
from icestream.channels.send import send, trial
from icestream.cli.terminal import print_json, print_table
from icestream.protocol import unit_of
from icestream.protocol.describe import value_words
from icestream.settings import SITE_FILE, Settings, load, person_file

__all__ = ["app"]

app = App(name="settings", help="Show each setting and where it came from.")


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
                f"{person_file()} or {SITE_FILE}"
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

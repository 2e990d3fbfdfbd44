"""`icestream usage`: whether usage is counted, what is sent, and the collector that takes it."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from icestream.cli.settings import change_settings
from icestream.protocol import Registry
from icestream.settings import Settings, SettingsError, load, person_file
from icestream.settings.names import Name
from icestream.usage.record import FILE, UsageRecord, forget
from icestream.usage.sending import ADDRESS, NotSent, example, next_statement
from icestream.usage.sending import send as send_now
from icestream.usage.statement import statement_text

__all__ = ["app"]

app = App(name="usage", help="Count what is used, if you want it, and send that.")

_OFF = "usage is not counted, and nothing is sent"
_ON = "icestream usage on --collector https://..."


@app.command
def on(*, collector: str | None = None, country: str | None = None) -> None:
    """Count which protocols are used from now on, and send that to a collector once a day.

    What is sent tells of no people, samples, files, machines or parameters; icestream usage show
    SESSION shows what would be said of a session, before anything is.

    Parameters
    ----------
    collector
        Its address: https://usage.example.org. Needed once.
    country
        Where this machine is, for the map: two letters or its name. Not said when not given.
    """
    usage = load().settings.usage
    if collector is None and usage.collector is None:
        raise SettingsError(f"say which collector it is sent to: {_ON}")
    said: dict[Name, Any] = {("usage", "send"): True}
    if collector is not None:
        said["usage", "collector"] = collector
    if country is not None:
        said["usage", "country"] = country
    try:
        change_settings(said)
    except PermissionError:  # the site's file names a collector: one's own says all of it
        said["usage", "collector"] = collector or usage.collector
        change_settings(said, file=person_file())
    settings = load().settings
    with closing(UsageRecord(settings.state)) as record:
        identity = record.unsent().installation
    print(f"sessions that end from now on are counted, and sent to {settings.usage.collector}")
    print(f"country: {settings.usage.country or 'not said'}; random id: {identity}")
    print("what waits to be sent: icestream usage show; take it all back: icestream usage off")


@app.command
def off() -> None:
    """Count nothing, send nothing, and throw away the random id and what was not sent yet."""
    settings = load().settings
    if settings.usage.send:
        try:
            change_settings({("usage", "send"): False})
        except PermissionError:  # the site's file says it: one's own comes before that
            change_settings({("usage", "send"): False}, file=person_file())
    there = forget(settings.state)
    print(_OFF + ("; the random id and what waited are gone" if there else ""))
    if settings.usage.collector is not None:
        print(
            f"suggestions of steps are still asked for at {settings.usage.collector};"
            " to end that, too: icestream settings unset usage.collector"
        )


@app.command
def show(session: Path | None = None, /) -> None:
    """Show the very bytes that are sent next, and where they go.

    Parameters
    ----------
    session
        A session's folder: what would be said if it alone ended today, with zeros for the random
        id; for this, usage need not be counted.
    """
    settings = load().settings
    if session is not None:
        text = statement_text(example(session, settings.usage, Registry()))
        _show(text, f"what would be said of {session}; nothing is counted or sent by this")
        return
    if not settings.usage.send:
        print(f"{_OFF}; look at what would be: icestream usage show SESSION", file=sys.stderr)
        return
    text, outcome = _waiting(settings)
    if text:
        _show(text, f"goes to {settings.usage.collector}{ADDRESS}")
    else:
        print("nothing waits to be sent", file=sys.stderr)
    if outcome:
        print(f"the last try: {outcome}", file=sys.stderr)


@app.command
def send(*, yes: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Send what waits now, after showing it; exit status 1 if the collector does not take it.

    Parameters
    ----------
    yes
        Do not ask.
    """
    settings = load().settings
    if not settings.usage.send:
        raise SettingsError(f"{_OFF}: {_ON}")
    text, _ = _waiting(settings)
    if not text:
        print("nothing waits to be sent")
        return 0
    _show(text, f"goes to {settings.usage.collector}{ADDRESS}")
    if not yes and not _agreed():
        print("nothing was sent")
        return 1
    with closing(UsageRecord(settings.state)) as record:
        try:
            days = send_now(record, settings.usage)
        except NotSent as error:
            print(f"icestream: {error}; it is kept, and sent again later", file=sys.stderr)
            return 1
        more = len(record.unsent().days)
    rest = f"; {more} more wait, for another statement: icestream usage send" if more else ""
    print(f"{days} day(s) sent{rest}")
    return 0


def _waiting(settings: Settings) -> tuple[bytes, str]:
    """What is sent next, empty if nothing is, and what came of the last try."""
    if not (settings.state / FILE).exists():
        return b"", ""
    with closing(UsageRecord(settings.state)) as record:
        return next_statement(record, settings.usage)[1], record.outcome()


def _show(text: bytes, words: str) -> None:
    """The bytes alone on standard output, so that they can be kept and compared."""
    print(words, file=sys.stderr, flush=True)
    sys.stdout.write(text.decode("ascii"))
    sys.stdout.flush()


def _agreed() -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        raise SettingsError("nobody can be asked here: say --yes to send what was shown")
    return input("send this? [y/N] ").strip().lower() in ("y", "yes")


@app.command
def serve(
    *,
    store: Path,
    host: str = "127.0.0.1",
    port: int = 8080,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    behind_proxy: tuple[str, ...] = (),
) -> int:
    """Be a collector: take what installations send, and show a map and tables, until Ctrl-C.

    Parameters
    ----------
    store
        File for what is collected; made where it is not there.
    host
        Address to listen at: 127.0.0.1 for this machine alone, 0.0.0.0 for every other, too.
    port
        Port to listen at; 0: any that is free.
    tls_cert
        Certificate (PEM), with those that vouch for it: HTTPS.
    tls_key
        Its key.
    behind_proxy
        Address of a proxy that does HTTPS, and whose word is taken for who asks
        (X-Forwarded-For): without it, all that comes through a proxy counts as one sender.
    """
    from icestream.cli.serve import Reached, address_of, answer, check_certificate, listen

    reached = Reached(tls_cert=tls_cert, tls_key=tls_key, behind_proxy=behind_proxy)
    check_certificate(reached)
    with closing(listen(host, port)) as listening:
        address = address_of(host, listening.getsockname()[1], "https" if tls_cert else "http")
        print(f"icestream collects usage at {address}  (Ctrl-C ends it)", flush=True)
        from icestream.server.collector.app import create_collector
        from icestream.server.collector.tally import Tally

        return answer(create_collector(Tally(store)), listening, reached)

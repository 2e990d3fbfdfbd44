"""`icestream serve`: the web application."""

import ctypes
import errno
import json
import os
import socket
import ssl
import sys
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from icestream.settings import Loaded, load

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from icestream.server.context import Server
    from icestream.server.people.doors import Doors

__all__ = [
    "BadCertificate",
    "Reached",
    "address_of",
    "answer",
    "check_certificate",
    "listen",
    "run_server",
    "serve",
]

_ARENAS = -8
"""M_ARENA_MAX of glibc's mallopt(3)."""
_WAITING = 128
"""Connections that wait until they are taken, at most."""


class BadCertificate(ValueError):
    """A certificate without its key, or files that are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How browsers reach the server, and who may come in."""

    name: tuple[str, ...] = ()
    """Name by which browsers know it, beside that of this machine; may be given several times."""
    login: Annotated[bool, Parameter(negative="")] = False
    """Have people log in on this machine alone, too; anywhere else they have to."""
    first_admin: str | None = None
    """Make an account of this name where there is no administrator; its password is asked for."""
    tls_cert: Path | None = None
    """Certificate (PEM), with those that vouch for it: HTTPS."""
    tls_key: Path | None = None
    """Its key."""
    behind_proxy: tuple[str, ...] = ()
    """Address of a proxy that does HTTPS, and whose word is taken for who asks
    (X-Forwarded-For)."""


def serve(
    *roots: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    openapi: Path | None = None,
    reached: Annotated[Reached | None, Parameter(name="*")] = None,
) -> int:
    """Show the sessions below some folders in any browser, until Ctrl-C.

    On this machine alone nobody has to log in. Anywhere else people do, by HTTPS.

    Parameters
    ----------
    roots
        Folders below which sessions are looked for; the current one when none is given.
    host
        Address to listen at: 127.0.0.1 for this machine alone, 0.0.0.0 for every other, too.
    port
        Port to listen at; 0: any that is free.
    openapi
        Write the document of what can be asked into this file (- for the terminal), and end.
    reached
        How browsers reach it, and who may come in.
    """
    folders = _folders(roots)
    loaded = load()
    if openapi is not None:
        return _write_document(folders, loaded, openapi)
    reached = reached or Reached()
    doors = _doors(host, reached, loaded)
    # It listens before the long imports: a browser that is faster waits for its answer.
    with closing(listen(host, port)) as listening:
        port = listening.getsockname()[1]
        address = address_of(host, port, "https" if reached.tls_cert else "http")
        print(f"icestream serves {address}  (Ctrl-C ends it)", flush=True)
        from icestream.server.context import Server

        server = Server(folders, loaded, host=host, port=port, doors=doors)
        return run_server(server, listening, reached)


def _doors(host: str, reached: Reached, loaded: Loaded) -> "Doors":
    """The ways in; refused where they would stand open to whom they should not."""
    check_certificate(reached)
    from icestream.server.people.doors import Doors, doors_for, is_loopback

    inside = is_loopback(host) and not reached.behind_proxy
    if inside and not reached.login and reached.first_admin is None:
        names = frozenset(name.lower() for name in reached.name)
        return Doors(names=names, secure=reached.tls_cert is not None)
    from icestream.cli.people import add_first_admin
    from icestream.server.people.visitors import Visitors

    doors = partial(
        doors_for,
        host,
        names=reached.name,
        login=True,
        tls=reached.tls_cert is not None,
        behind_proxy=reached.behind_proxy,
    )
    doors(admins=True)  # refused before a password is asked for in vain
    with closing(Visitors(loaded.settings.state, loaded.settings.login)) as visitors:
        if reached.first_admin is not None:
            add_first_admin(visitors, reached.first_admin)
        return doors(admins=visitors.accounts.any())


def check_certificate(reached: Reached) -> None:
    """Refuse a certificate without its key, or files that are none."""
    if (reached.tls_cert is None) != (reached.tls_key is None):
        raise BadCertificate("--tls-cert and --tls-key go together")
    if reached.tls_cert is None or reached.tls_key is None:
        return
    for file in (reached.tls_cert, reached.tls_key):
        with file.open("rb"):  # says by itself what is wrong with it
            pass
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(reached.tls_cert, reached.tls_key)
    except ssl.SSLError as error:
        raise BadCertificate(
            f"{reached.tls_cert} and {reached.tls_key} are no certificate and its key (PEM):"
            f" {error}"
        ) from None


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; OSError says what to do where that is not possible."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_WAITING)
    except (OSError, OverflowError) as error:
        listening.close()
        raise OSError(_cannot(host, port, error)) from None
    return listening


def _cannot(host: str, port: int, error: Exception) -> str:
    where = f"cannot listen at {host}, port {port}"
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"{where}: another program does; end that one, or choose another with --port"
    if number == errno.EACCES:
        return f"{where}: ports below 1024 are the system's; choose another with --port"
    if isinstance(error, OverflowError):
        return f"{where}: a port is a number from 0 to 65535"
    if isinstance(error, socket.gaierror) or number == errno.EADDRNOTAVAIL:
        return f"{where}: this machine has no such address; 127.0.0.1 is this machine alone"
    return f"{where}: {getattr(error, 'strerror', None) or error}"


def _folders(roots: tuple[Path, ...]) -> list[Path]:
    folders = [root.absolute() for root in roots or (Path.cwd(),)]
    for folder in folders:
        if not folder.is_dir():
            found = "is no folder" if folder.exists() else "does not exist"
            raise FileNotFoundError(
                f"{folder} {found}; icestream serve takes folders that hold sessions, or are one"
            )
    return folders


def address_of(host: str, port: int, scheme: str = "http") -> str:
    """What a person types into a browser."""
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104 - what a person asked for
    shown = socket.gethostname() if everywhere else host
    return f"{scheme}://[{shown}]:{port}/" if ":" in shown else f"{scheme}://{shown}:{port}/"


def run_server(server: "Server", listening: socket.socket, reached: Reached) -> int:
    """Answer what comes to a socket, until Ctrl-C or a signal to end; the exit status."""
    from icestream.server.app import create_app

    return answer(create_app(server), listening, reached)


def answer(app: "ASGIApp", listening: socket.socket, reached: Reached) -> int:
    """Have an application answer what comes to a socket, until it is ended; the exit status."""
    import uvicorn

    _share_memory()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        ws="websockets-sansio",
        # Messages are short, and packing each for each tab was a quarter of what they cost.
        ws_per_message_deflate=False,
        # What a request says of who asks is believed of a proxy alone.
        proxy_headers=bool(reached.behind_proxy),
        forwarded_allow_ips=list(reached.behind_proxy),
        ssl_certfile=reached.tls_cert,
        ssl_keyfile=reached.tls_key,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:  # which uvicorn raises anew when it has ended well
        print("icestream: the server has ended", file=sys.stderr)
    return 0


def _share_memory() -> None:
    """Have the threads that answer share what they give back, instead of each keeping its own."""
    with suppress(OSError, AttributeError):  # where the C library is not glibc
        ctypes.CDLL(None).mallopt(_ARENAS, 2)


def _write_document(folders: list[Path], loaded: Loaded, path: Path) -> int:
    from icestream.server.app import create_app
    from icestream.server.context import Server

    with closing(Server(folders, loaded)) as server:
        text = json.dumps(create_app(server).openapi(), indent=1, ensure_ascii=False) + "\n"
    if os.fspath(path) == "-":
        sys.stdout.write(text)
    else:
        path.write_text(text, encoding="utf-8")
    return 0

"""Units of systemd: the web application and the facility's duties as services."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from icestream.facility.file import FacilityFile, LoadedFacility

__all__ = ["DUTIES", "SERVER", "UnitFile", "units"]

SERVER = "icestream-server.service"
DUTIES = "icestream-facility.service"


@dataclass(frozen=True, slots=True)
class UnitFile:
    """One file of systemd's."""

    name: str
    text: str


def units(
    known: LoadedFacility,
    state: Path,
    *,
    user: str,
    settings: Path | None = None,
    serve: Sequence[str] = (),
) -> tuple[UnitFile, UnitFile]:
    """The units of a facility's server and of its duties.

    Parameters
    ----------
    known
        The facility file.
    state
        What the sessions of the machine share.
    user
        Who runs them; sessions' folders belong to it.
    settings
        The settings' file, where it is another than the site's.
    serve
        Options of ``icestream serve``, such as ``--behind-proxy 127.0.0.1``.
    """
    sessions = known.file.facility.sessions
    common = _common(known, state, user, settings)
    return (
        UnitFile(
            SERVER,
            _text(
                f"icestream: the web application of {_plain(known.file.facility.name)}",
                common,
                ["serve", str(sessions), *serve],
            ),
        ),
        UnitFile(
            DUTIES,
            _text(
                f"icestream: the duties of {_plain(known.file.facility.name)}",
                common,
                ["facility", "run", "--log-json"],
            ),
        ),
    )


def _common(
    known: LoadedFacility, state: Path, user: str, settings: Path | None
) -> dict[str, list[str]]:
    environment = {"ICESTREAM_FACILITY": str(known.path), "ICESTREAM_STATE": str(state)}
    if settings is not None:
        environment["ICESTREAM_SETTINGS"] = str(settings)
    return {
        "Unit": [
            "Wants=network-online.target",
            f"After=network-online.target{_waits_for(known.file)}",
            f"RequiresMountsFor={_quoted(known.file.facility.sessions)} {_quoted(state)}",
        ],
        "Service": [
            f"User={user}",
            *(f"Environment={_quoted(f'{name}={value}')}" for name, value in environment.items()),
        ],
    }


def _waits_for(file: FacilityFile) -> str:
    """A database on this machine is up first, where the registry is in one."""
    return " postgresql.service" if file.registry_place().startswith("postgresql") else ""


def _text(description: str, common: dict[str, list[str]], words: Sequence[str]) -> str:
    called = [sys.executable, "-P", "-m", "icestream", *words]
    command = " ".join(_quoted(word).replace("$", "$$") for word in called)
    lines = [
        "[Unit]",
        f"Description={description}",
        *common["Unit"],
        "",
        "[Service]",
        *common["Service"],
        f"ExecStart={command}",
        "Restart=on-failure",
        "RestartSec=5",
        "# Sessions run in processes of their own, which go on while this one is started again.",
        "KillMode=process",
        "TimeoutStopSec=60",
        "UMask=0027",
        "LimitNOFILE=65536",
        "NoNewPrivileges=yes",
        "ProtectSystem=full",
        "ProtectKernelTunables=yes",
        "ProtectKernelModules=yes",
        "ProtectControlGroups=yes",
        "RestrictSUIDSGID=no",
        "LockPersonality=yes",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A name as a description may have it: in one line, and without what systemd fills in."""
    return " ".join(text.split()).replace("%", "%%")


def _quoted(word: object) -> str:
    """A word as systemd reads it: specifiers are none; variables are known to commands alone."""
    text = str(word).replace("%", "%%")
    if text == shlex.quote(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

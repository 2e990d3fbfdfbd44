"""`icestream facility units`: the facility's services, as files of systemd."""

import getpass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.facility.file import load_facility
from icestream.facility.service.units import DUTIES, SERVER
from icestream.facility.service.units import units as made
from icestream.settings import SITE_FILE, load, person_file
from icestream.whole import written_whole

__all__ = ["units"]


def units(
    *serve: Annotated[str, Parameter(allow_leading_hyphen=True)],
    user: str | None = None,
    out: Path | None = None,
) -> None:
    """Write units of systemd for the web application and for the facility's duties.

    They start with the machine and again when they fail. Sessions run in processes of their own,
    which go on while a service is started again.

    Parameters
    ----------
    serve
        Options of icestream serve, after --: -- --behind-proxy 127.0.0.1 --name em.example.org
    user
        Who runs them; the one who calls this by default.
    out
        Folder for them, such as /etc/systemd/system; they are printed when not given.
    """
    own = person_file()
    known = made(
        load_facility(),
        load().settings.state,
        user=user or getpass.getuser(),
        settings=own if own.is_file() and own != SITE_FILE else None,
        serve=serve,
    )
    if out is None:
        print("\n".join(f"# {one.name}\n{one.text}" for one in known), end="")
        return
    for one in known:
        with written_whole(out / one.name) as path:
            path.write_text(one.text)
            path.chmod(0o644)
        print(out / one.name)
    print(f"start them: systemctl daemon-reload && systemctl enable --now {SERVER} {DUTIES}")

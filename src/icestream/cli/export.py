"""`icestream export`: hand a session over to another program."""

import shlex
from pathlib import Path

from cyclopts import App

from icestream.cli.terminal import called

__all__ = ["app"]

app = App(name="export", help="Hand a session over to another program.")


@app.command
def relion(session: Path, folder: Path, /) -> None:
    """Write a project that RELION 3.1 and 5 open, from movies to classes.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    folder
        Folder of the project. Running it again brings it up to date.
    """
    from icestream.exports.relion import export_relion

    export_relion(session, folder)
    print(f"{folder}: open it with: cd {shlex.quote(str(folder))} && relion")


@app.command
def provenance(session: Path, folder: Path, /) -> None:
    """Write the session's workflow and the lineage of every result.

    Parameters
    ----------
    session
        The session's folder.
    folder
        Folder for workflow.json, which runs again elsewhere, and lineage.jsonl, with one line per
        result: program, version, parameters, inputs, files.
    """
    from icestream.exports.provenance import export_provenance

    export_provenance(session, folder)
    workflow = folder / "workflow.json"
    command = shlex.join(["run", str(workflow), "--session", str(folder / "again")])
    print(f"{workflow}: run it again with: {called()} {command}")
    print(f"{folder / 'lineage.jsonl'}: one line for each result")

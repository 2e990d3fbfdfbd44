"""`icestream export`: hand a session over to another program, or to people."""

import shlex
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.types import ExistingFile
from cyclopts.validators import Number

from icestream.cli import deposit_commands
from icestream.cli.terminal import called

__all__ = ["app"]

app = App(name="export", help="Hand a session over to another program, or as a PDF.")
for command in deposit_commands.COMMANDS:
    app.command(command)


@app.command
def relion(
    session: Path,
    folder: Path,
    /,
    *,
    for_: Annotated[Literal["3.1", "4", "5"] | None, Parameter(name="--for")] = None,
    incomplete: Annotated[bool, Parameter(negative="")] = False,
    branch: str | None = None,
    mtf: ExistingFile | None = None,
) -> int:
    """Write a project that RELION 3.1, 4 or 5 opens, from movies or micrographs to classes.

    Files are copies (clones where the file system has them), so that nothing done in the project
    changes the session; only the raw data are links. Jobs that were run in the project are kept.
    What is missing or cut is named and left out, and the exit status is then 1. Where steps wait to
    be run again after a change, the project has the last complete results, and says so.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    folder
        Folder of the project. Running it again brings it up to date.
    for_
        The version of RELION that will open it; for a new project 3.1, for another what it is of.
    incomplete
        Take what there is of the new results, although steps wait to be run again.
    branch
        Name of a branch; the adopted one by default.
    mtf
        STAR file of the camera's modulation transfer function, for its optics groups.
    """
    from icestream.exports.relion import export_relion, sentences

    summary = export_relion(
        session, folder, version=for_, incomplete=incomplete, branch=branch, mtf=mtf
    )
    for sentence in sentences(summary):
        print(f"{folder}: {sentence}" if not sentence.startswith(" ") else sentence)
    print(f"{folder}: open it with: cd {shlex.quote(str(folder))} && relion")
    return 1 if summary.damages else 0


@app.command
def cryosparc(
    session: Path,
    folder: Path,
    /,
    *,
    incomplete: Annotated[bool, Parameter(negative="")] = False,
    branch: str | None = None,
) -> int:
    """Write groups for CryoSPARC to import: exposures, movies, particles, 2D classes, the map.

    Files are copies (clones where the file system has them); only the movies are links. What is
    missing or cut is named and left out, and the exit status is then 1.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    folder
        Folder of the groups. Running it again brings it up to date.
    incomplete
        Take what there is of the new results, although steps wait to be run again.
    branch
        Name of a branch; the adopted one by default.
    """
    from icestream.exports.cryosparc import cryosparc_sentences, export_cryosparc

    summary = export_cryosparc(session, folder, incomplete=incomplete, branch=branch)
    for sentence in cryosparc_sentences(summary):
        print(f"{folder}: {sentence}" if not sentence.startswith(" ") else sentence)
    print(f"{folder}: import its .csg files with jobs Import Result Group")
    return 1 if summary.damages else 0


@app.command
def coordinates(
    session: Path,
    folder: Path,
    /,
    *,
    format_: Annotated[Literal["star", "box", "coord"], Parameter(name="--format")] = "star",
    box: Annotated[int, Parameter(validator=Number(gte=2))] | None = None,
    incomplete: Annotated[bool, Parameter(negative="")] = False,
    branch: str | None = None,
) -> None:
    """Write the picks of accepted exposures, a list for each micrograph.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    folder
        Folder of the lists, which are called as the micrographs are.
    format_
        RELION's STAR, EMAN's boxes, or x and y as text.
    box
        Side of the boxes, pixels of the micrograph; that of the particles when not given.
    incomplete
        Take what there is of the new results, although steps wait to be run again.
    branch
        Name of a branch; the adopted one by default.
    """
    from icestream.exports.coordinates import export_coordinates

    summary = export_coordinates(
        session, folder, format_, box=box, incomplete=incomplete, branch=branch
    )
    print(f"{folder}: {summary.picks} picks of {summary.lists} micrographs")
    print(
        f"{folder}: {summary.without} micrographs without picks and {summary.rejected} rejected "
        "ones have no list"
    )
    for sentence in summary.state:
        print(f"{folder}: {sentence}")


@app.command
def verify(
    session: Path,
    folder: Path,
    /,
    *,
    particles: Annotated[int, Parameter(validator=Number(gte=1))] = 50,
    incomplete: Annotated[bool, Parameter(negative="")] = False,
    branch: str | None = None,
) -> int:
    """Cut particles out again through the files of an export, and compare them with the session's.

    A sample of particles and picks is taken by what the files say and nothing else. An axis that is
    turned, an inverted contrast, an origin that is moved, values of the optics that differ: all is
    named, and the exit status is then 1.

    Parameters
    ----------
    session
        The session's folder.
    folder
        What an export has written.
    particles
        How many are compared.
    incomplete
        As it was given for the export.
    branch
        As it was given for the export.
    """
    from icestream.exports.verify import verify_export

    checked = verify_export(session, folder, most=particles, branch=branch, incomplete=incomplete)
    for listed in checked:
        for sentence in listed.sentences():
            print(f"{folder}: {sentence}")
    faulty = any(listed.faults for listed in checked)
    said = "do not hand this over" if faulty else "what the files say is what the session has"
    print(f"{folder}: {said}")
    return 1 if faulty else 0


@app.command
def provenance(session: Path, folder: Path, /, *, branch: str | None = None) -> None:
    """Write the session's workflow and the lineage of every result.

    Parameters
    ----------
    session
        The session's folder.
    folder
        Folder for workflow.json, which runs again elsewhere, and lineage.jsonl, with one line per
        result: program, version, parameters, inputs, files.
    branch
        Name of the branch whose workflow it is; the adopted one by default.
    """
    from icestream.exports.provenance import export_provenance

    export_provenance(session, folder, branch)
    workflow = folder / "workflow.json"
    command = shlex.join(["run", str(workflow), "--session", str(folder / "again")])
    print(f"{workflow}: run it again with: {called()} {command}")
    print(f"{folder / 'lineage.jsonl'}: one line for each result")


@app.command
def pdf(session: Path, file: Path | None = None, /) -> None:
    """Write a PDF of a few pages for a notebook: acquisition, results, classes, map, methods.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    file
        The PDF; SESSION/SESSION.pdf when not given. An older one of that name is replaced.
    """
    from icestream.exports.sheet import export_sheet
    from icestream.facility.memory.sheet import surroundings

    name = session.resolve().name
    out = file if file is not None else session / f"{name}.pdf"
    export_sheet(session, out, surroundings(session))
    print(out)

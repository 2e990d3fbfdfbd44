"""Exports as files to download: what there is, made in a folder, and streamed from there.

A zip archive is written while it is sent, so a project of any size needs no room beside itself.
"""

import json
import stat
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

from icestream.exports.table import table_rows, write_table
from icestream.model import safe_file_name
from icestream.store import queries
from icestream.store.open import Store, open_store

__all__ = [
    "EXPORTS",
    "ExportKind",
    "ExportName",
    "ExportOptions",
    "file_parts",
    "make_export",
    "zip_parts",
]

ExportName = Literal[
    "relion", "cryosparc", "pdf", "report", "methods", "table", "provenance", "workflow",
    "bibtex", "osc-em", "mmcif", "empiar", "ro-crate",
]  # fmt: skip

_PART = 1 << 20
"""Bytes that are sent at once."""
_TEXT = (".star", ".json", ".jsonl", ".txt", ".md", ".csv", ".job", ".html", ".js", ".xml")
"""Suffixes of what is worth compressing; images are noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportKind:
    """One way to take a session along."""

    name: ExportName
    title: str
    summary: str
    media: str
    """Type of the file that is downloaded."""
    options: tuple[str, ...]
    """What else can be said, of `ExportOptions`."""


EXPORTS: tuple[ExportKind, ...] = (
    ExportKind(
        name="relion",
        title="RELION project",
        summary="A project that RELION 3.1, 4 or 5 opens, from movies or micrographs to classes. "
        "Movies are links to where they are.",
        media="application/zip",
        options=("branch", "version", "incomplete"),
    ),
    ExportKind(
        name="cryosparc",
        title="Groups for CryoSPARC",
        summary="Exposures, movies, particles, 2D classes and the map, for Import Result Group. "
        "Movies are links to where they are.",
        media="application/zip",
        options=("branch", "incomplete"),
    ),
    ExportKind(
        name="pdf",
        title="Summary as PDF",
        summary="A few pages for a notebook: acquisition, results, classes, map, methods.",
        media="application/pdf",
        options=(),
    ),
    ExportKind(
        name="report",
        title="Report",
        summary="A folder with one page to be read: opens from any disk, without a server.",
        media="application/zip",
        options=(),
    ),
    ExportKind(
        name="methods",
        title="Methods",
        summary="How it was done, in sentences with the numbers of this session, and what to cite.",
        media="text/plain",
        options=(),
    ),
    ExportKind(
        name="table",
        title="Table",
        summary="All exposures with what was measured of them, or all results of a step.",
        media="text/csv",
        options=("branch", "step", "format"),
    ),
    ExportKind(
        name="provenance",
        title="Provenance",
        summary="The workflow, which runs again elsewhere, and how every result was made.",
        media="application/zip",
        options=("branch",),
    ),
    ExportKind(
        name="workflow",
        title="Workflow",
        summary="The workflow alone, as people set it.",
        media="application/json",
        options=("branch",),
    ),
    ExportKind(
        name="bibtex",
        title="BibTeX",
        summary="What to cite for all programs that this session used, for a reference manager.",
        media="application/x-bibtex",
        options=(),
    ),
    ExportKind(
        name="osc-em",
        title="OSC-EM metadata",
        summary="How the data were taken and processed, for catalogues (schema 1.0.1).",
        media="application/json",
        options=(),
    ),
    ExportKind(
        name="mmcif",
        title="mmCIF",
        summary="Categories of electron microscopy: the beginning of an entry of EMDB or PDB.",
        media="chemical/x-mmcif",
        options=(),
    ),
    ExportKind(
        name="empiar",
        title="EMPIAR deposition",
        summary="Movies, micrographs and particles as image sets, and what EMPIAR still asks.",
        media="application/json",
        options=(),
    ),
    ExportKind(
        name="ro-crate",
        title="RO-Crate",
        summary="Workflow, lineage, table, classes and map, with their history (Provenance Run "
        "Crate).",
        media="application/zip",
        options=(),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What is asked of an export; what its kind has no use for is not looked at."""

    branch: str | None = None
    """The adopted one by default."""
    step: str | None = None
    """Of a table: a row for each of its results; without it, a row for each exposure."""
    format: Literal["csv", "json"] = "csv"
    version: Literal["3.1", "4", "5"] | None = None
    """Of RELION."""
    incomplete: bool = False
    """Take what there is of new results although steps wait to be run again."""


def make_export(name: ExportName, session: Path, wanted: ExportOptions, folder: Path) -> Path:
    """Make an export below a folder: a file, or a folder to be sent as a zip archive.

    Parameters
    ----------
    name
        Of its kind.
    session
        The session's folder; it may still be running.
    wanted
        What else was said.
    folder
        An empty one.

    Returns
    -------
    What was made; its name is that of the download, without the suffix of an archive.

    Raises
    ------
    LookupError
        If there is no such branch or step, or nothing to hand over.
    OSError
        If the disk is too small.
    """
    # Slow to load, and many megabytes that only the process needs that makes an export.
    from icestream.engine.graph.workflow import save_workflow
    from icestream.engine.record.set_by_people import workflow_set_by_people
    from icestream.exports.cryosparc import export_cryosparc
    from icestream.exports.deposit import DEPOSITS, make_deposit
    from icestream.exports.provenance import export_provenance
    from icestream.exports.relion import export_relion
    from icestream.exports.sheet import export_sheet, methods_text
    from icestream.facility.memory.sheet import surroundings
    from icestream.report.writer import write_report

    with closing(open_store(session, readonly=True)) as store:
        called = safe_file_name(queries.session(store).name)
        if name == "table":
            return _table(store, wanted, folder / called)
        if name == "workflow":
            target = folder / f"{called}-workflow.json"
            save_workflow(workflow_set_by_people(store, wanted.branch), target)
            return target
    if name in DEPOSITS:
        return make_deposit(name, session, folder / called)
    if name == "pdf":
        export_sheet(session, folder / f"{called}.pdf", surroundings(session))
        return folder / f"{called}.pdf"
    if name == "methods":
        target = folder / f"{called}-methods.txt"
        target.write_text(methods_text(session), encoding="utf-8")
        return target
    target = folder / f"{called}-{name}"
    if name == "report":
        write_report(session, target)
    elif name == "provenance":
        export_provenance(session, target, wanted.branch)
    elif name == "cryosparc":
        export_cryosparc(session, target, incomplete=wanted.incomplete, branch=wanted.branch)
    else:
        export_relion(
            session,
            target,
            version=wanted.version,
            incomplete=wanted.incomplete,
            branch=wanted.branch,
        )
    return target


def _table(store: Store, wanted: ExportOptions, target: Path) -> Path:
    of = f"-{wanted.step}" if wanted.step else ""
    target = target.with_name(f"{target.name}{of}.{wanted.format}")
    rows = list(table_rows(store, wanted.step, wanted.branch))
    with target.open("w", encoding="utf-8", newline="") as file:
        write_table(rows, wanted.format, file)
    return target


def file_parts(path: Path) -> Iterator[bytes]:
    """A file, a part at a time."""
    with path.open("rb") as file:
        while part := file.read(_PART):
            yield part


def zip_parts(folder: Path) -> Iterator[bytes]:
    """A folder as a zip archive, a part at a time; symbolic links stay links.

    What disappears while it is sent is left out, and named in ``left-out.json`` in the archive.
    """
    sink = _Sink()
    left_out: list[dict[str, str]] = []
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", allowZip64=True) as archive:
        for path in sorted(folder.rglob("*")):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            try:
                yield from _entry(archive, sink, path, name)
            except OSError as error:
                left_out.append({"file": name, "why": error.strerror or str(error)})
        if left_out:
            archive.writestr(f"{folder.name}/left-out.json", json.dumps(left_out, indent=1))
    yield sink.take()


def _entry(archive: zipfile.ZipFile, sink: "_Sink", path: Path, name: str) -> Iterator[bytes]:
    about = path.lstat()
    entry = zipfile.ZipInfo(name, time.localtime(max(about.st_mtime, 315_619_200.0))[:6])
    entry.external_attr = (about.st_mode & 0xFFFF) << 16
    if stat.S_ISLNK(about.st_mode):
        archive.writestr(entry, str(path.readlink()))
    elif stat.S_ISREG(about.st_mode):
        text = path.suffix.lower() in _TEXT
        entry.compress_type = zipfile.ZIP_DEFLATED if text else zipfile.ZIP_STORED
        with path.open("rb") as file, archive.open(entry, "w", force_zip64=True) as part:
            while content := file.read(_PART):
                part.write(content)
                yield sink.take()
    yield sink.take()


class _Sink:
    """What an archive is written into, and taken out of again; it cannot go back."""

    def __init__(self) -> None:
        self._content = bytearray()

    def write(self, content: bytes) -> int:
        self._content += content
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        """What was written since the last time."""
        content = bytes(self._content)
        self._content.clear()
        return content

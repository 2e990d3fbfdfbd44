"""What the programs of cisTEM have in common: how they ask, say their version, and fail."""

from collections.abc import Sequence
from pathlib import Path

from icestream.formats import FormatError, read_image, read_mrc_header, write_mrc
from icestream.protocol import Command, Failure, ItemFailed, Probe, Program, Work

__all__ = [
    "FAILURES",
    "GRANT",
    "ask",
    "cistem",
    "give_image",
    "is_first",
    "link",
    "number",
    "said",
]

GRANT = "Grant, Rohou & Grigorieff (2018) eLife 7, e35383, doi:10.7554/eLife.35383"
_READ_BY_ALL = (0, 1, 2, 6)
"""Modes of MRC. Others are refused by cisTEM."""

PROBE = Probe(
    arguments=(),
    pattern=r"(?:Library Version\s*:\s*|(?<!Library )Version\s*:\s*(?=\S+\s+Compiled.*\n\s*Mode))"
    r"(\d\S*)",
    timeout=60.0,
)
"""A program says its version, asks its first question, gets no answer and ends. Programs of cisTEM
1.0.0-beta have versions of their own; those of 2.0.0-alpha have a line with that of cisTEM, too."""

FAILURES = (
    Failure(
        code="not-readable",
        when=r"seems to be corrupt|File does not exist|mode \d+ MRC files not currently supported|"
        r"Cannot read tiled TIF",
        advice="look whether the file is whole, and of a kind that cisTEM reads",
    ),
    Failure(
        code="gain-size",
        when=r"does not have same dimensions as the gain",
        advice="give the gain reference of this camera and mode",
    ),
    Failure(
        code="out-of-range",
        when=r"Number outside of acceptable range",
        advice="the last question in its log got a number that it does not take: change that "
        "parameter, or see whether the optics of the exposure are right",
    ),
    Failure(
        code="other-questions",
        when=r"answer is not recognized|Blank answer in scripted mode",
        advice="this build asks other questions than the versions do that the plugin knows; its "
        "log ends with the one that got the wrong answer. Install a release",
    ),
    Failure(
        code="no-library",
        when=r"error while loading shared libraries: (\S+)",
        advice="install that library, or put its folder into LD_LIBRARY_PATH",
    ),
    Failure(
        code="no-place",
        when=r"No space left on device",
        advice="make room on the disk of the session",
    ),
    Failure(
        code="crash",
        when=r"\((?:SIGSEGV|SIGABRT)\)$|Segmentation fault|Failed Assert",
        advice="look at what it was given; another build of cisTEM may do",
    ),
)
"""By what the programs print."""


def cistem(name: str, first: str, cites: tuple[str, ...] = (GRANT,)) -> Program:
    """A program of cisTEM, which in 1.0.0-beta says that it is version `first`."""
    return Program(
        name,
        package="cistem.org",
        probe=PROBE,
        known=(first, "2.0"),
        licence="Janelia Research Campus Software License 1.2",
        cites=cites,
    )


def is_first(version: str) -> bool:
    """Whether this is a program of cisTEM 1.0.0-beta, which asks other questions."""
    return not version.startswith("2")


def ask(program: Program, answers: Sequence[str], timeout: float) -> Command:
    """A call of a program that asks its questions on its standard input."""
    # A comma in numbers is the rule in some languages, and cisTEM goes by the language.
    return Command(
        (program.executable,),
        environment={"LC_ALL": "C"},
        timeout=timeout,
        answers=tuple(answers),
    )


def said(value: bool) -> str:
    """An answer to a question of yes or no."""
    return "yes" if value else "no"


def number(value: float) -> str:
    """A number as cisTEM reads it, which takes none that begins with a letter or a plus."""
    return f"{value:.7g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.9f}"


def link(source: Path, work: Work, name: str) -> str:
    """Put a link to `source` into the task's folder; its name there, without blanks."""
    target = work.folder / name
    target.unlink(missing_ok=True)
    target.symlink_to(source.absolute())
    return name


def give_image(source: Path, work: Work, name: str, pixel_size: float) -> None:
    """Put an image where the program reads it: as it is, or made over to MRC.

    Raises
    ------
    ItemFailed
        If it cannot be read.
    """
    try:
        if source.suffix.lower() == ".mrc" and read_mrc_header(source).mode in _READ_BY_ALL:
            link(source, work, name)
        else:
            write_mrc(work.folder / name, read_image(source), pixel_size)
    except (FormatError, OSError) as error:
        raise ItemFailed(
            f"{source} cannot be read: {error}",
            advice="look whether it is whole",
            code="not-readable",
        ) from error

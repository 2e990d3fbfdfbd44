"""Xmipp's programs: where they are, what is known of them, and how they are known to fail."""

import re
from collections.abc import Mapping, Sequence

from icestream.protocol import Failure, Probe, Program

__all__ = [
    "CITE",
    "FAILURES",
    "GPU_FAILURES",
    "lacking_options",
    "number",
    "release",
    "software",
    "xmipp",
]

CITE = "Strelak et al. (2021) Molecules 26, 6224, doi:10.3390/molecules26206224"
_RELEASE = re.compile(r"(?i)xmipp[a-z]*\d?[-_]?v?(\d+(?:\.\d+)+)|xmipp3?-(v\d+)(?![\w.])")

FAILURES = (
    Failure(
        code="other-options",
        when=r"Unrecognized parameter: (\S+)|Errors on command line parameters",
        advice="this Xmipp has other options: take a release that the documentation names",
    ),
    Failure(
        code="no-library",
        when=r"error while loading shared libraries: (\S+)",
        advice="source xmipp.bashrc of the installation before icestream starts, or put its "
        "libraries and CUDA's into LD_LIBRARY_PATH",
    ),
    Failure(
        code="no-scipion",
        when=r"No module named '?(?:xmipp\w*|pwem|pyworkflow)|ModuleNotFoundError",
        advice="this program is a Python script of Xmipp: start icestream in the environment of "
        "Scipion, with Xmipp's plugin in it",
    ),
    Failure(
        code="no-place",
        when=r"No space left on device|Disk quota exceeded|Couldn't write to file",
        advice="make room on the disk of the session",
    ),
    Failure(
        code="no-memory",
        when=r"std::bad_alloc|[Cc]annot allocate memory|Could not allocate enough memory",
        advice="let fewer tasks run at once, or take a machine with more memory",
        retry=True,
    ),
)
"""By what the programs print; the first that is found is told."""

GPU_FAILURES = (
    Failure(
        code="no-gpu-memory",
        when=r"(?i)out of memory|Insufficient GPU memory|CUFFT_ALLOC_FAILED",
        advice="give the movie a GPU of its own, or raise binning",
        retry=True,
    ),
    Failure(
        code="no-gpu",
        when=r"no CUDA-capable device|driver version is insufficient|invalid device ordinal",
        advice="see nvidia-smi: this machine has no GPU, or a driver older than the program's CUDA",
    ),
    Failure(
        code="gpu-too-new",
        when=r"no kernel image is available",
        advice="build Xmipp for this GPU",
    ),
)


def xmipp(executable: str, *options: str, cites: Sequence[str] = ()) -> Program:
    """One of Xmipp's programs, none of which tells its version.

    Its help is asked for instead: a program without the `options` that a protocol uses, or without
    words that tell how it means them, has no version; of any other it is a checksum of the help, so
    that a program with other options makes new results.
    """
    listed = "".join(rf"(?=.*{re.escape(option)}(?!\w))" for option in options)
    return Program(
        executable,
        package="github.com/I2PC/xmipp, or Scipion's plugin scipion-em-xmipp",
        probe=Probe(("--more",), rf"(?s)\A{listed}.*?OPTIONS(.*)", timeout=30.0, checksum=True),
        licence="GPL-2.0-or-later",
        cites=(*cites, CITE),
    )


def lacking_options(program: Program, wanted: str) -> Sequence[str]:
    """That an installed program lists other options in its help than its protocol uses.

    Parameters
    ----------
    program
        As `xmipp` makes it.
    wanted
        The release that has them, and what tells: in words.
    """
    path = program.find()
    if path is None or program.version():
        return ()
    return (
        f"{program.executable} at {path} does not list the options that are needed, when it is "
        f"asked by `{path} --more`: {wanted}; run that command by hand (a library may be missing), "
        "or install such a release",
    )


def software(programs: Sequence[Program]) -> Mapping[str, str]:
    """What decides the results: the options of each program, and Xmipp's release if it is known."""
    found = {program.executable: program.version() for program in programs}
    releases = {release(program) for program in programs} - {""}
    if len(releases) == 1:
        found["Xmipp"] = releases.pop()
    return {name: version for name, version in found.items() if version}


def release(program: Program) -> str:
    """The release that the folder is called after in which a program is; empty: it says none.

    Scipion installs into folders such as ``xmippSrc-v3.24.12.0`` and ``xmipp3-v5``, to which others
    are linked.
    """
    path = program.find()
    return release_in(str(path.resolve())) if path else ""


def release_in(path: str) -> str:
    """The release in a path.

    >>> release_in("/opt/scipion/software/em/xmippSrc-v3.24.12.0/dist/bin/xmipp_ctf_sort_psds")
    '3.24.12.0'
    >>> release_in("/opt/scipion/software/em/xmipp3-v5/dist/bin/xmipp_ctf_sort_psds")
    'v5'
    >>> release_in("/usr/local/xmipp/bin/xmipp_ctf_sort_psds")
    ''
    """
    match = _RELEASE.search(path)
    return (match[1] or match[2]) if match else ""


def number(value: float) -> str:
    """A number as every program reads it."""
    return f"{value:.7g}"

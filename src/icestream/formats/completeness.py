"""Is a movie whole? Told from its structure, not from how long ago it changed.

A stable size proves nothing: some copies set the full size first and fill it later, and rsync
gives the copy the time of the source. What counts is that the headers and the length agree, that
the last frame is there and is not just zeros, and that there are as many frames as the metadata
says, or as the other movies of the session have.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from icestream.formats.errors import FormatError, NotRead
from icestream.formats.kinds import is_tiff
from icestream.formats.movie import MovieFacts, movie_facts, open_movie, tiff_facts
from icestream.formats.mrc import read_mrc_header
from icestream.formats.tiff_directories import Chain, walk_pages
from icestream.formats.within import inside

__all__ = ["Bad", "Growing", "Whole", "judge"]

_TAIL = 4096
"""Bytes at the end that are looked at; so many zeros in a row do not occur in counts."""

_PACKED_TAIL = 64
"""The same for compressed pixels."""

_UNUSED = 65536
"""Bytes behind the last frame that a writer may leave unused."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The movie can be taken."""

    facts: MovieFacts


@dataclass(frozen=True, slots=True)
class Growing:
    """Something is missing that may still come."""

    reason: str


@dataclass(frozen=True, slots=True)
class Bad:
    """The file cannot be taken, and that will not change."""

    reason: str
    not_whole: bool = True
    """Something is missing; else it is there, and of a kind that is not read."""

    @property
    def told(self) -> str:
        """The reason as the end of a sentence about the file."""
        return f"it {'is not whole' if self.not_whole else 'cannot be read'}: {self.reason}"


def judge(
    path: Path | str,
    *,
    expected_frames: int | None = None,
    usual_frames: int | None = None,
    quiet: float = 0.0,
    rest: float = 5.0,
    patience: float = 300.0,
) -> Whole | Growing | Bad:
    """Judge whether a movie file is whole, from its headers, its length and its last bytes.

    Parameters
    ----------
    expected_frames
        Frames that the metadata of this movie says it has (in the file: for EER camera frames). A
        movie with fewer is taken for whole when nothing has been added for `patience`.
    usual_frames
        Frames that most movies of the session have; used when `expected_frames` is None.
    quiet
        Seconds since the file was last seen to change in size or time.
    rest
        Seconds of quiet that are asked for when no number of frames confirms the file's own.
    patience
        Seconds of quiet after which a file that is not whole is given up.

    Returns
    -------
    Whole, Growing or Bad
        The last two with a reason in plain words, with numbers.
    """
    path = Path(path)
    try:
        missing = _what_is_missing(path)
    except NotRead as error:
        return Bad(_told(error), not_whole=False)
    if isinstance(missing, str):
        return _give_up(missing, quiet, patience)
    facts = missing
    if expected_frames and facts.frames < expected_frames and quiet < patience:
        return Growing(f"expected {expected_frames} frames, found {facts.frames}")
    known = expected_frames or facts.expected_frames or usual_frames
    if known and (known == facts.frames or (expected_frames and facts.frames > known)):
        return Whole(facts)
    # Nobody confirms the number of frames: a movie that is written frame by frame looks whole
    # after each of them.
    if quiet < rest:
        told = f"others have {known}" if known else "no metadata says how many there should be"
        return Growing(f"{facts.frames} frames, and {told}; waiting for it to rest {rest:g} s")
    try:
        with open_movie(path) as movie:
            movie.read(movie.frames - 1)
    except NotRead as error:
        return Bad(_told(error), not_whole=False)
    except FormatError as error:
        return _give_up(f"its last frame cannot be read: {error}", quiet, patience)
    return Whole(facts)


def _told(error: FormatError) -> str:
    return f"expected {error.expected}, found {error.found}; {error.advice}"


def _give_up(reason: str, quiet: float, patience: float) -> Growing | Bad:
    if quiet < patience:
        return Growing(reason)
    return Bad(f"{reason}; it has not changed for {quiet:.0f} s")


def _what_is_missing(path: Path) -> str | MovieFacts:
    """The movie's facts when its structure is whole, else what is missing."""
    chain = None
    try:
        chain = walk_pages(path) if is_tiff(path) else None
        facts = tiff_facts(path, chain) if chain else movie_facts(path)
        wanted = facts.expected_frames
        if wanted and facts.frames < wanted:
            return f"expected {wanted} frames, found {facts.frames}"
        tail = _tiff_tail(path, chain) if chain else _mrc_tail(path)
    except NotRead:
        raise
    except FormatError as error:
        return _unlike_its_name(path, chain) or f"expected {error.expected}, found {error.found}"
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"
    return tail or facts


def _unlike_its_name(path: Path, chain: Chain | None) -> str:
    """What a file that is no movie at all is instead; empty when it may be part of one."""
    try:
        with inside(path).open("rb") as file:
            begins = file.read(8)
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"
    if not begins:
        return "expected a movie, found an empty file"
    named = path.suffix.lower() in (".tif", ".tiff", ".eer")
    if chain is None and named and begins[:2] not in (b"II", b"MM"):
        return f"expected a TIFF file by its name, found the first bytes {begins!r}"
    return ""


def _mrc_tail(path: Path) -> str:
    """What is wrong with the end of an MRC file; empty when nothing is."""
    header = read_mrc_header(path)
    frames, rows, _ = header.shape
    frame_bytes = rows * header.row_bytes
    count = min(_TAIL, frame_bytes)
    with inside(path).open("rb") as file:
        if not _is_zero(file.fileno(), header.size - count, count):
            return ""
        # A border that is zero in every frame is no sign of a copy under way.
        before = header.size - frame_bytes - count
        border = frames > 1 and _is_zero(file.fileno(), before, count)
        middle = header.size - frame_bytes // 2 - count // 2
        if border and not _is_zero(file.fileno(), middle, count):
            return ""
    return f"its last {count} bytes are zero: the copy has its size before its content"


def _tiff_tail(path: Path, chain: Chain) -> str:
    """What is wrong with the end of a TIFF or EER file; empty when nothing is."""
    behind = chain.size - chain.end
    with inside(path).open("rb") as file:
        handle = file.fileno()
        if behind > _UNUSED and _is_zero(handle, chain.size - _UNUSED, _UNUSED):
            return (
                f"{len(chain.frames)} frames, and then {behind} bytes that no frame uses: "
                "the copy has its size before its content"
            )
        frames = chain.frames
        last = max((strip for page in frames for strip in page.strips), key=sum)
        plain = frames[0].compression == 1
        count = min(last[1], _TAIL if plain else _PACKED_TAIL)
        if count < _PACKED_TAIL or not _is_zero(handle, sum(last) - count, count):
            return ""
        # Only what is stored as it is can end in zeros, when the camera has a border of zeros.
        if plain and len(frames) > 1:
            before = frames[-2].strips[-1]
            middle = frames[-1].strips[len(frames[-1].strips) // 2]
            offset = middle[0] + max(0, middle[1] // 2 - count)
            border = _is_zero(handle, sum(before) - count, count)
            if border and not _is_zero(handle, offset, count):
                return ""
    return "the end of its last frame is zero: the copy has its size before its content"


def _is_zero(handle: int, offset: int, count: int) -> bool:
    return not any(os.pread(handle, count, max(0, offset)))

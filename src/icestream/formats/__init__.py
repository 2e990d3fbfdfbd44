"""Bytes to model values and arrays, and back: one file per format."""

from icestream.formats.counts import RawMovie, read_raw_movie
from icestream.formats.defects import read_defects
from icestream.formats.eer import write_eer
from icestream.formats.epu import (
    EpuExposure,
    EpuFractions,
    epu_place,
    read_epu_exposure,
    read_epu_fractions,
)
from icestream.formats.errors import FormatError
from icestream.formats.gain import read_gain
from icestream.formats.image import read_image, write_picture
from icestream.formats.mdoc import Mdoc, MdocFrames, MdocSection, read_mdoc, read_mdoc_frames
from icestream.formats.movie import MovieFacts, MovieFile, movie_facts, open_movie
from icestream.formats.mrc import (
    FeiMetadata,
    MrcHeader,
    map_mrc,
    read_mrc,
    read_mrc_header,
    read_stack,
    write_mrc,
)
from icestream.formats.star import Block, read_star, write_star
from icestream.formats.tiff import read_tiff, write_tiff

__all__ = [
    "Block",
    "EpuExposure",
    "EpuFractions",
    "FeiMetadata",
    "FormatError",
    "Mdoc",
    "MdocFrames",
    "MdocSection",
    "MovieFacts",
    "MovieFile",
    "MrcHeader",
    "RawMovie",
    "epu_place",
    "map_mrc",
    "movie_facts",
    "open_movie",
    "read_defects",
    "read_epu_exposure",
    "read_epu_fractions",
    "read_gain",
    "read_image",
    "read_mdoc",
    "read_mdoc_frames",
    "read_mrc",
    "read_mrc_header",
    "read_raw_movie",
    "read_stack",
    "read_star",
    "read_tiff",
    "write_eer",
    "write_mrc",
    "write_picture",
    "write_star",
    "write_tiff",
]

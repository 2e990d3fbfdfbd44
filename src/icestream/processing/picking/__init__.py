"""Finding particles in micrographs: by their size, or by the session's own class averages."""

from icestream.processing.picking.bars import BarSearch, Shape, pick_by_bars
from icestream.processing.picking.blobs import BlobSearch, blob_shape, pick_by_log
from icestream.processing.picking.limits import Limits
from icestream.processing.picking.matching import TemplateSearch, pick_by_templates
from icestream.processing.picking.peaks import Matches, Peaks, match_peaks
from icestream.processing.picking.teaching import (
    average_diameter,
    choose_classes,
    session_diameter,
    session_is_cut,
    session_width,
)
from icestream.processing.picking.votes import Votes, agree_on_peaks

__all__ = [
    "BarSearch",
    "BlobSearch",
    "Limits",
    "Matches",
    "Peaks",
    "Shape",
    "TemplateSearch",
    "Votes",
    "agree_on_peaks",
    "average_diameter",
    "blob_shape",
    "choose_classes",
    "match_peaks",
    "pick_by_bars",
    "pick_by_log",
    "pick_by_templates",
    "session_diameter",
    "session_is_cut",
    "session_width",
]

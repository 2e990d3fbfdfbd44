"""Align the frames of each movie with Xmipp's optical flow, on a CPU."""

from icestream.protocol import Resources
from icestream_xmipp.elsewhere import FLOW
from icestream_xmipp.flow import FLOW_CITE, FLOW_FAILURES, FLOW_OPTIONS, FlowAlignment
from icestream_xmipp.suite import CITE, xmipp

__all__ = ["AlignByXmippFlow"]


class AlignByXmippFlow(FlowAlignment):
    """Align frames of a movie by the optical flow between them, and average them."""

    name = "movies.xmipp_flow"
    title = "Xmipp optical flow"
    cites = (FLOW_CITE, CITE)
    resources = Resources(cores=1, memory=8 * 2**30)
    program = xmipp("xmipp_movie_optical_alignment_cpu", *FLOW_OPTIONS, cites=(FLOW_CITE,))
    failures = FLOW_FAILURES
    elsewhere = FLOW

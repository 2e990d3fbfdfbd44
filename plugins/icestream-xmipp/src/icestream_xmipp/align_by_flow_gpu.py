"""Align the frames of each movie with Xmipp's optical flow, on a GPU."""

from collections.abc import Sequence

from icestream.protocol import Resources
from icestream_xmipp.elsewhere import FLOW_GPU
from icestream_xmipp.flow import FLOW_CITE, FLOW_FAILURES, FLOW_OPTIONS, FlowAlignment
from icestream_xmipp.suite import CITE, GPU_FAILURES, xmipp

__all__ = ["AlignByXmippFlowGpu"]

_PROGRAM = "xmipp_movie_optical_alignment_gpu"


class AlignByXmippFlowGpu(FlowAlignment):
    """Align frames of a movie by the optical flow between them, on a GPU, and average them."""

    name = "movies.xmipp_flow_gpu"
    title = "Xmipp optical flow on a GPU"
    cites = (FLOW_CITE, CITE)
    resources = Resources(cores=1, memory=8 * 2**30, gpus=1, tokens=(_PROGRAM,))
    program = xmipp(_PROGRAM, *FLOW_OPTIONS, "--gpu", cites=(FLOW_CITE,))
    failures = (*GPU_FAILURES, *FLOW_FAILURES)
    elsewhere = FLOW_GPU

    def said(self) -> Sequence[str]:
        """Which GPU: the task sees its own alone, as number 0."""
        return ("--gpu", "0")

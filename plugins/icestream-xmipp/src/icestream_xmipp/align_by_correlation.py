"""Align whole frames of each movie with Xmipp, on a CPU."""

from icestream.model import Micrograph, Movie
from icestream.protocol import Command, Resources, Work
from icestream_xmipp.correlation import (
    ALIGNMENT_FAILURES,
    FLEXALIGN_CITE,
    OPTIONS,
    WANTED,
    CorrelationParameters,
    arguments,
    read_alignment,
)
from icestream_xmipp.elsewhere import CORRELATION
from icestream_xmipp.movies import MovieAlignment
from icestream_xmipp.suite import CITE, xmipp

__all__ = ["AlignByXmippCorrelation"]

_PROGRAM = "xmipp_movie_alignment_correlation"


class AlignByXmippCorrelation(MovieAlignment[CorrelationParameters]):
    """Align whole frames of a movie by correlation, and average them; no dose weighting."""

    name = "movies.xmipp_correlation"
    title = "Xmipp correlation alignment"
    cites = (FLEXALIGN_CITE, CITE)
    resources = Resources(cores=1, memory=12 * 2**30)
    program = xmipp(_PROGRAM, *OPTIONS, cites=(FLEXALIGN_CITE,))
    failures = ALIGNMENT_FAILURES
    elsewhere = CORRELATION
    wanted = WANTED

    def command(self, movie: Movie, work: Work) -> Command:
        said = arguments(movie, self.parameters)
        # Without it this program, too, would begin to align patches, which it cannot.
        argv = (_PROGRAM, *said, "--skipLocalAlignment")
        return Command(argv, timeout=self.parameters.timeout)

    def collect(self, movie: Movie, work: Work) -> Micrograph:
        return read_alignment(movie, self.parameters, work)

    def methods(self) -> str:
        """How frames were aligned."""
        return "Movie frames were aligned as a whole by correlation in Xmipp, and averaged."

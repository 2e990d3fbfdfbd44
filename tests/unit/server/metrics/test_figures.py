"""A session's figures are those of its store."""

from contextlib import closing

from icestream.server.metrics.figures import figures_of
from icestream.store.open import open_store
from report_session import SampleSession


def test_figures_are_what_the_session_has(sample: SampleSession) -> None:
    sample.grow(2, settle=False)
    sample.warn("critical", "no beam", "")
    sample.warn("critical", "no beam any more", "", cleared=True)
    with closing(open_store(sample.folder, readonly=True)) as store:
        figures = figures_of(store, sample.now)
    assert (figures.name, figures.state) == ("apoferritin-grid-2", "running")
    assert sum(figures.exposures.values()) == 32
    assert figures.exposures["going"] == 2
    assert figures.alerts == {"critical": 1, "warning": 0, "notice": 0}
    assert figures.pace.last == sample.now
    assert figures.free is None
    assert {step.name for step in figures.steps} >= {"align", "ctf"}

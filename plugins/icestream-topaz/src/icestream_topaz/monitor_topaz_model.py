"""Have the picker use the model that the session has trained."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Le

from icestream.model import Alert, Offer
from icestream.protocol import Advanced, Monitor, Parameters, Window
from icestream_topaz.model import TopazModel

__all__ = ["MonitorTopazModel", "TopazAdoption"]


class TopazAdoption(Parameters):
    """Which step picks, and how good its new model must be."""

    automatic: bool = True
    """Pick with the model at once; off, a person decides when to adopt what is offered."""

    precision_min: Annotated[float, Ge(0), Le(1), Advanced] = 0.3
    """Least average precision on micrographs that were kept back; where there were too few to keep
    some back, a person decides."""

    step: Annotated[str, Advanced] = "pick"
    """Name of the step that picks (picks.topaz)."""


class MonitorTopazModel(Monitor[TopazAdoption]):
    """Offer the picker each model that Topaz was trained to.

    Earlier micrographs are picked again with it, like those to come.
    """

    name = "monitor.topaz_model"
    title = "Models of Topaz"
    last = 1

    def inspect(self, window: Window[TopazModel]) -> Iterator[Alert]:
        if not window.items or window.items[-1].model is None:
            return
        made, wanted = window.items[-1], self.parameters
        known = made.precision
        tested = "it could not be tested: there were too few micrographs to keep some back"
        if known is not None:
            tested = f"its average precision on others is {known:.2f}"
        learnt = (
            f"Topaz was trained on {made.particles} particles of {made.micrographs} micrographs, "
            f"and {tested}"
        )
        # The same particles and micrographs again are the same lesson.
        key = f"topaz.model.{made.micrographs}.{made.particles}"
        if known is not None and known < wanted.precision_min:
            yield Alert(
                key=f"{key}.poor",
                level="warning",
                message=f"{learnt}, less than {wanted.precision_min:g}: it is not used; look at "
                "the classes that it learnt from, or train for more rounds",
            )
            return
        yield Alert(
            key=key,
            level="notice",
            message=f"{learnt}: the step {wanted.step} can pick with it",
            offer=Offer(
                step=wanted.step,
                changes={"trained": str(made.model), "trained_downscale": made.downscale},
                automatic=wanted.automatic and known is not None,
            ),
        )

"""Jobs of ISPyB that zocalo's requests name, where they do not say themselves what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, column, select, table
from sqlalchemy.exc import SQLAlchemyError

from icestream.facility.file import FacilityFile
from icestream.facility.messages.zocalo import IspybLookup
from icestream.facility.sinks.ispyb.sink import connect_ispyb, said_by_ispyb
from icestream.facility.sinks.kinds import IspybSinkSection
from icestream.facility.sinks.open import ispyb_url
from icestream.facility.sinks.sink import SinkDown

__all__ = ["IspybJobs", "ispyb_jobs"]

_JOB = table("ProcessingJob", column("processingJobId"), column("recipe"))
_PARAMETER = table(
    "ProcessingJobParameter",
    *map(
        column,
        ("processingJobParameterId", "processingJobId", "parameterKey", "parameterValue"),
    ),
)


def ispyb_jobs(file: FacilityFile) -> IspybLookup | None:
    """What looks jobs up, where a sink of the facility file is an ISPyB."""
    sections = {name: one for name, one in file.sinks.items() if isinstance(one, IspybSinkSection)}
    return IspybJobs(sections) if sections else None


class IspybJobs:
    """Looks jobs up in an ISPyB, by their numbers.

    Parameters
    ----------
    sections
        The sinks that are an ISPyB, by their names. Of several nobody knows whose number it is.
    """

    def __init__(self, sections: Mapping[str, IspybSinkSection]) -> None:
        self._sections = sections

    def __call__(self, number: int) -> tuple[list[str], Mapping[str, Any]]:
        """Recipes and parameters of a job.

        Raises
        ------
        LookupError
            If there is none, or several ISPyBs might have it.
        SinkDown
            If the database cannot be asked now.
        """
        if len(self._sections) > 1:
            names = " and ".join(f"sinks.{name}" for name in self._sections)
            raise LookupError(
                f"job {number} may be of {names}, which are different databases: send recipes and "
                "parameters"
            )
        ((name, section),) = self._sections.items()
        wanted = _PARAMETER.c.processingJobId == number
        parameters = select(_PARAMETER.c.parameterKey, _PARAMETER.c.parameterValue).where(wanted)
        with _asked(section) as connection:
            recipe = connection.execute(
                select(_JOB.c.recipe).where(_JOB.c.processingJobId == number)
            ).one_or_none()
            if recipe is None:
                raise LookupError(f"ISPyB (sinks.{name}) has no ProcessingJob {number}")
            found = connection.execute(parameters.order_by(_PARAMETER.c.processingJobParameterId))
            told = {str(key): value for key, value in found if key is not None}
        return ([str(recipe[0])] if recipe[0] else []), told


@contextmanager
def _asked(section: IspybSinkSection) -> Iterator[Connection]:
    engine = connect_ispyb(ispyb_url(section))
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise SinkDown(f"ISPyB cannot be asked: {said_by_ispyb(error)}") from None
    finally:
        engine.dispose()

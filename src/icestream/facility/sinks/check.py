"""What is wrong with the sinks of a facility file."""

from collections.abc import Iterator

from icestream.alike import meant
from icestream.facility.file import LoadedFacility
from icestream.facility.kinds import Flaw
from icestream.facility.sinks.open import open_sink
from icestream.facility.sinks.sink import SinkDown
from icestream.settings import Settings

__all__ = ["problems"]


def problems(known: LoadedFacility, _: Settings) -> Iterator[Flaw]:
    """All that is wrong with the sinks; each of them is asked, and nothing is delivered."""
    for name, section in known.file.sinks.items():
        where = f"sinks.{name}"
        for microscope in section.microscopes:
            if microscope not in known.file.microscopes:
                there = known.file.microscopes
                hint = meant(microscope, there) or f"there are {', '.join(there) or 'none'}"
                yield Flaw(f"{where}.microscopes", f"there is no microscope {microscope!r}; {hint}")
        for path in section.paths:
            if not path.startswith("/"):
                yield Flaw(f"{where}.paths", f"write whole folders of this machine, found {path!r}")
        try:
            sink = open_sink(section, known.file.zone)
            try:
                sink.reach()
            finally:
                sink.close()
        except SinkDown as error:
            yield Flaw(where, str(error))

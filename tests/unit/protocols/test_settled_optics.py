"""What is used of all that is said; whole acquisitions are in test_acquisition.py."""

from pathlib import Path

from icestream.formats.statements import Statement
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.notices import Notices
from icestream.protocols.preset import Preset
from icestream.protocols.settled_optics import SettledOptics, say_preset

SAID = [Statement(source="given", pixel_size=1.5, voltage=300.0)]


def test_a_cs_of_0_is_one_that_is_said() -> None:
    """Of a microscope with a corrector."""
    notices = Notices()
    settled = SettledOptics(ImportParameters(), notices)
    given = Statement(source="given", spherical_aberration=0.0, amplitude_contrast=0.0)
    optics, assumed = settled.optics(Path("a"), [given, *SAID])
    assert (optics.spherical_aberration, optics.amplitude_contrast, assumed) == (0.0, 0.0, ())
    assert notices.alerts == ()


def test_a_preset_without_cs_leaves_it_a_guess_that_names_the_preset() -> None:
    notices = Notices()
    wanted = ImportParameters(microscope="k", presets={"k": Preset(voltage=200.0)})
    settled = SettledOptics(wanted, notices)
    preset = say_preset("k", wanted.presets[settled.preset(SAID)])
    optics, assumed = settled.optics(Path("a"), [Statement(source="x", pixel_size=1.0), preset])
    assert (optics.voltage, optics.spherical_aberration) == (200.0, 2.7)
    assert dict(assumed)["voltage"] == "preset k"
    (alert,) = notices.alerts
    assert "nor the preset k said so" in alert.message

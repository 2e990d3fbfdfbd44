"""The optics of each movie or micrograph, and where each value of them is from."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from icestream.formats.statements import Statement, differences, first_said, likely_mistake
from icestream.model import Level, Micrograph, Movie, Optics, optics_words
from icestream.protocol import unusual_values
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.notices import Notices
from icestream.protocols.option_words import option_words
from icestream.protocols.preset import Preset
from icestream.units import Usual

__all__ = ["ASSUMED", "PRESET", "UNSAID", "SettledOptics", "assumed_words", "say_preset"]

PRESET = "preset "
"""What the source of a value begins with that is of a preset."""
ASSUMED = "assumed"
"""Source of a value that is nobody's."""
UNSAID = ("spherical_aberration", "amplitude_contrast")
"""What no metadata say."""
_TOTAL = Usual(0.0, 300.0)
"""e/Å² of a whole exposure."""


class SettledOptics:
    """Settles what is used of all that is said, and tells of contradictions and guesses.

    Parameters
    ----------
    parameters
        What the person says, and the presets.
    notices
        Are told.
    """

    def __init__(self, parameters: ImportParameters, notices: Notices) -> None:
        self._parameters = parameters
        self._notices = notices

    def optics(
        self, path: Path, said: Sequence[Statement], upsampling: int = 1
    ) -> tuple[Optics, tuple[tuple[str, str], ...]]:
        """The optics of what is in a file, and where what nobody said of them is from.

        Pixel size and voltage are known.
        """
        assumed = {}
        values = {}
        for name in UNSAID:
            known = next((one for one in said if getattr(one, name) is not None), None)
            values[name] = getattr(self._parameters if known is None else known, name)
            if known is None or known.source.startswith(PRESET):
                assumed[name] = ASSUMED if known is None else known.source
        if first_said(said, "voltage").source.startswith(PRESET):
            assumed["voltage"] = first_said(said, "voltage").source
        optics = Optics(
            pixel_size=(self.value(path, said, "pixel_size") or 0.0) / upsampling,
            voltage=self.value(path, said, "voltage") or 0.0,
            **values,
        )
        if assumed.get("spherical_aberration") == ASSUMED:
            self._tell_assumed(optics, assumed)
        return optics, tuple(assumed.items())

    def preset(self, said: Sequence[Statement]) -> str:
        """The preset that is named, or else that whose microscope the metadata name; or none."""
        wanted = self._parameters
        if wanted.microscope in wanted.presets:
            return wanted.microscope
        instrument = next((one.instrument for one in said if one.instrument), "").casefold()
        presets = wanted.presets.items()
        called = (n for n, p in presets if instrument in map(str.casefold, p.instruments))
        return next(called, "") if instrument else ""

    def value(self, path: Path, said: Sequence[Statement], what: str) -> float | None:
        """The value that is used; a difference between sources is reported."""
        value = first_said(said, what)
        title = what.replace("_", " ")
        if value.value is None:
            self._notices.listed(
                f"import.{what}.unknown",
                "warning",
                path.name,
                f"the {title} of {{}} is not known, so the frames are not weighted by dose; "
                f"give {option_words('dose_per_frame')}",
            )
            return None
        given = value.source == said[0].source
        for _, why in () if given else unusual_values(ImportParameters, {what: value.value}):
            told = f"{title} of {path.name}, as {value.source} says it: {why}"
            message = f"{told} Give {option_words(what)}"
            self._notices.once(f"import.{what}.unusual", "warning", message)
        unlike = differences(said, what)
        if unlike:
            level: Level = "warning" if given else "notice"
            meant = likely_mistake(said, what) if given else ""
            used = f"{value.value:g} is used ({value.source}){meant and f'; {meant}'}"
            told = f"{title} of {path.name}: {unlike}; {used}"
            self._notices.once(f"import.{what}.differs", "critical" if meant else level, told)
        return value.value

    def check_dose(self, path: Path, frames: int, dose: float) -> None:
        """Tell of a dose that no specimen bears: often that of all frames, given for each."""
        if _TOTAL.holds(dose * frames):
            return
        self._notices.once(
            "import.dose.unusual",
            "warning",
            f"the dose of {path.name} is {frames} x {dose:g} = {dose * frames:.4g} e/Å² (usual: up "
            f"to {_TOTAL.high:g}): is {dose:g} e/Å² that of the whole exposure? Then give "
            f"{option_words('dose_per_frame', value=f'{dose / frames:.3g}')}",
        )

    def _tell_assumed(self, optics: Optics, assumed: Mapping[str, str]) -> None:
        """Say that Cs is a guess, which no result shows."""
        guessed = [(name, ASSUMED) for name, source in assumed.items() if source == ASSUMED]
        told = optics_words(optics, guessed, all_=False).replace(f" ({ASSUMED})", "")
        named = self._parameters.microscope
        preset = f"the preset {named}" if named else "a preset"
        self._notices.once(
            "import.optics.assumed",
            "notice",
            f"{told} assumed: neither you, the metadata nor {preset} said so; give "
            f"{option_words('spherical_aberration')}, or {option_words('microscope')} with a "
            "preset of the settings",
        )


def say_preset(name: str, preset: Preset) -> Statement:
    """What a preset of the settings says."""
    return Statement(
        source=f"{PRESET}{name}",
        voltage=preset.voltage,
        spherical_aberration=preset.spherical_aberration,
        amplitude_contrast=preset.amplitude_contrast,
        camera=preset.camera,
    )


def assumed_words(taken: Movie | Micrograph) -> str:
    """A sentence on what neither a person nor the metadata say, after others; or nothing."""
    words = optics_words(taken.optics, taken.assumed, all_=False)
    return f" Neither you nor the metadata said: {words}." if words else ""

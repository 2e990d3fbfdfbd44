"""What is said of every folder to import from."""

from icestream.protocol.parameters import operational_parameters, unset_parameters
from icestream.protocols.folder_parameters import FolderParameters
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.preset import Preset


def test_how_a_folder_is_watched_is_no_part_of_a_result() -> None:
    watching = {"pattern", "watch", "idle_timeout", "exclude", "metadata_wait"}
    watching |= {"origin", "patience", "scan_every", "since"}
    assert operational_parameters(FolderParameters) == watching
    assert operational_parameters(ImportParameters) == watching


def test_presets_decide_where_there_are_some() -> None:
    """Results from before there were presets still count; those of another microscope do not."""
    assert unset_parameters(ImportParameters()) == {"microscope", "presets"}
    given = ImportParameters(microscope="krios1", presets={"krios1": Preset(voltage=300.0)})
    assert unset_parameters(given) == frozenset()

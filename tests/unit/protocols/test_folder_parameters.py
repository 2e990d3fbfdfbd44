"""What is said of every folder to import from."""

from icestream.protocol.parameters import operational_parameters
from icestream.protocols.folder_parameters import FolderParameters
from icestream.protocols.import_parameters import ImportParameters


def test_how_a_folder_is_watched_is_no_part_of_a_result() -> None:
    watching = {"pattern", "watch", "idle_timeout", "exclude", "metadata_wait"}
    watching |= {"patience", "scan_every"}
    assert operational_parameters(FolderParameters) == watching
    assert operational_parameters(ImportParameters) == watching

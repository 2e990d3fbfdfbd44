"""The sections about backups."""

import pytest
from pydantic import ValidationError

from icestream.facility.backup.kinds import BackupPlace


def test_everything_is_kept_for_ever_unless_it_is_said() -> None:
    place = BackupPlace(to="/mnt/usb")
    assert place.keep_former is None
    assert place.what == ("movies", "processing", "registry")
    assert BackupPlace.model_validate({"to": "/x", "keep_former": "3 w"}).keep_former == 21.0


@pytest.mark.parametrize("to", ["usb", "", "rsync://a:b@c/d"])
def test_places_that_are_none(to: str) -> None:
    with pytest.raises(ValidationError):
        BackupPlace(to=to)

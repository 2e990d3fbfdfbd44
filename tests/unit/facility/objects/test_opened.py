"""Buckets that are open."""

from pathlib import Path

import pytest

from icestream.facility.duties.duty import Outage
from icestream.facility.objects.address import read_objects
from icestream.facility.objects.opened import opened
from object_server import ObjectServer, objects

__all__ = ["objects"]


def test_a_bucket_is_opened_once_and_anew_with_other_settings(
    objects: ObjectServer, tmp_path: Path
) -> None:
    seen = []
    for prefix in ("a", "b"):
        with opened(read_objects(f"s3://movies/{prefix}")) as bucket:
            assert str(bucket.address) == f"s3://movies/{prefix}"
            seen.append(bucket._client)
    assert seen[0] is seen[1]
    settings = tmp_path / "settings.toml"
    settings.write_text(settings.read_text().replace("testing", "another"))
    with opened(read_objects("s3://movies/a")) as bucket:
        assert bucket._client is not seen[0]


def test_a_secret_that_is_not_there_is_named(objects: ObjectServer, tmp_path: Path) -> None:
    secret = tmp_path / "objects.secret"
    secret.unlink()
    place = read_objects("s3://movies/a")
    with pytest.raises(Outage, match=r"secret of its store: .*objects\.secret"), opened(place):
        pass
    secret.write_text("testing")
    with opened(place) as bucket:
        bucket.reach()

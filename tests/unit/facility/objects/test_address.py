"""Addresses of objects."""

import pytest

from icestream.facility.objects.address import (
    BadObjectAddress,
    is_object_address,
    misnamed,
    read_objects,
)


def test_a_bucket_with_a_prefix_and_without() -> None:
    place = read_objects(" S3://krios-movies/2026/lea/ ")
    assert (place.bucket, place.prefix, place.beginning) == (
        "krios-movies",
        "2026/lea",
        "2026/lea/",
    )
    assert (place.key("a/b"), str(place)) == ("2026/lea/a/b", "s3://krios-movies/2026/lea")
    whole = read_objects("s3://krios-movies")
    assert (whole.key("a"), whole.beginning, str(whole)) == ("a", "", "s3://krios-movies")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("/data", "is no address of objects"),
        ("s3://", "is no name of a bucket"),
        ("s3:///x", "is no name of a bucket"),
        ("s3://key:secret@bucket/x", "keys or a port"),
        ("s3://bucket/a/../b", "would lead elsewhere"),
        ("s3://bucket/a//b", "two in a row"),
        ("gs://bucket/a", "buckets of gs are not read"),
        ("https://bucket.s3.amazonaws.com/a", "of https are not read"),
    ],
)
def test_what_is_none_says_what_it_may_be(text: str, why: str) -> None:
    with pytest.raises(BadObjectAddress, match=why) as raised:
        read_objects(text)
    assert "s3://bucket/prefix" in str(raised.value) or "cannot be one" in str(raised.value)


def test_what_is_meant_as_one_is_known_although_it_is_wrong() -> None:
    assert is_object_address("s3://")
    assert is_object_address("gs://x")
    assert not is_object_address("/data/s3")
    assert not is_object_address("nas:/data")


def test_names_with_a_zero() -> None:
    assert "zero" in misnamed("a\0b")
    assert misnamed("a b/ü/c") == ""

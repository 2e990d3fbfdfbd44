from importlib.metadata import version

from icestream.engine.record.software import software_of
from icestream.protocol import Registry


def test_versions_of_what_makes_the_numbers_are_named() -> None:
    found = software_of(Registry(), ["movies.align"])
    assert found["numpy"] == version("numpy")
    assert found["icestream"] == version("icestream")
    assert found["python"].startswith("3.")


def test_a_protocol_without_a_package_is_left_out() -> None:
    point = next(iter(Registry()._points.values()))
    bare = type(point)(point.name, point.value, point.group)
    found = software_of(Registry([bare]), [point.name])
    assert "?" not in found

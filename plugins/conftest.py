"""What holds for the tests of icestream holds for those of its plugins."""

from rules import own_places, pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["own_places", "pytest_make_collect_report", "pytest_runtest_makereport"]

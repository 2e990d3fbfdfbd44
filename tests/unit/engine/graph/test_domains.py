"""What the tasks of a step are about."""

import pytest

import toys
from icestream.engine.graph.domains import EXPOSURES, Domain, domain_of
from icestream.protocol import Protocol

BATCH, GROUP = Domain("batch", "total"), Domain("group", "toy ten")


@pytest.mark.parametrize(
    ("protocol", "feeding", "expected"),
    [
        (toys.Count, [], EXPOSURES),
        (toys.Add, [EXPOSURES], EXPOSURES),
        (toys.Sum2, [EXPOSURES, EXPOSURES], EXPOSURES),
        (toys.Select, [GROUP], GROUP),  # what follows a group is about the group
        (toys.Double, [BATCH], BATCH),
        (toys.AddUp, [EXPOSURES], Domain("batch", "x")),
        (toys.AddUp, [GROUP], Domain("batch", "x")),
        (toys.Mean, [EXPOSURES], Domain("group", toys.Mean.family)),
        (toys.Mean, [GROUP], Domain("group", toys.Mean.family)),
    ],
)
def test_a_step_is_about_what_it_makes_or_what_feeds_it(
    protocol: type[Protocol], feeding: list[Domain], expected: Domain
) -> None:
    assert domain_of("x", protocol, feeding) == expected


def test_steps_of_one_family_make_the_same_groups_and_every_batch_step_its_own_batches() -> None:
    one, other = (domain_of(name, toys.Mean, [EXPOSURES]) for name in ("x", "y"))
    assert one == other
    one, other = (domain_of(name, toys.AddUp, [EXPOSURES]) for name in ("x", "y"))
    assert one != other


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        (EXPOSURES, "single exposures"),
        (GROUP, "groups (toy ten)"),
        (BATCH, "snapshots of total"),
    ],
)
def test_a_domain_is_called_by_what_it_has(domain: Domain, said: str) -> None:
    assert str(domain) == said

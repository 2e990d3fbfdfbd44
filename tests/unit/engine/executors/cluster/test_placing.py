"""Placement on nodes: what fits where, and how many nodes the work asks for."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icestream.engine.executors.cluster.kinds import NodeKind
from icestream.engine.executors.cluster.placing import (
    ClusterNode,
    Size,
    choose_node,
    fits,
    in_time,
    is_spent,
    nodes_wanted,
    size_of,
    suits,
)
from icestream.engine.executors.contract import Call, Lease
from icestream.protocol import FoundProgram

GB = 10**9


def lease(number: int = 0, *, cores: int = 1, memory: int = 0, gpus: int = 0, **more: Any) -> Lease:
    program = more.pop("program", False)
    found = FoundProgram(Path("/bin/true"), "1") if program else None
    call = Call(
        task=number, attempt=1, target="a:B", parameters={}, inputs="[]", documents={},
        cores=cores, memory=memory, gpus=gpus, programs={"true": found} if found else {},
    )  # fmt: skip
    return Lease(id=f"m:{number};", calls=(call,), timeout=10.0, **more)


def kind(**given: Any) -> NodeKind:
    return NodeKind(**{"cores": 4, "memory": 8 * GB, "most": 10, **given})


def node(name: str, cores: int = 4, gpus: int = 0, **more: Any) -> ClusterNode:
    return ClusterNode(name, name, more.pop("kind", "cpu"), Size(cores, 8 * GB, gpus), **more)


def test_a_lease_needs_the_most_that_one_of_its_calls_does() -> None:
    one, other = lease(1, cores=2, memory=GB), lease(2, gpus=1, memory=3 * GB)
    both = Lease(id="m:1;", calls=(*one.calls, *other.calls), timeout=1.0)
    assert size_of(both) == Size(2, 3 * GB, 1)


@pytest.mark.parametrize(
    ("given", "lane", "hosts", "does"),
    [
        ({}, None, 1, True),
        ({"cores": 5}, None, 1, False),
        ({"memory": 9 * GB}, None, 1, False),
        ({"gpus": 1}, None, 1, False),
        ({}, "live", 1, True),
        ({"lane": "reprocess"}, "live", 1, False),
        ({"lane": "reprocess"}, None, 1, True),
        ({}, "reprocess", 1, False),
        ({}, None, 2, False),  # a method would see the first host alone
        ({"program": True}, None, 2, True),
    ],
)
def test_what_fits(given: dict[str, Any], lane: str | None, hosts: int, does: bool) -> None:
    assert fits(lease(**given), Size(4, 8 * GB, 0), lane, hosts) is does
    assert suits(lease(**given), kind(lane=lane, hosts=hosts)) is does


def test_leases_take_room_and_give_it_back() -> None:
    made, held = node("a", gpus=1), lease(cores=3, memory=GB, gpus=1)
    made.take(held)
    assert made.free == Size(1, 7 * GB, 0)
    made.give_back(held, 17.0)
    assert (made.free, made.leases, made.idle_since) == (made.size, {}, 17.0)


def choice(given: Lease, *nodes: ClusterNode, now: float = 0.0) -> str | None:
    found = choose_node(given, nodes, now)
    return found.name if found is not None else None


def test_the_fullest_that_can_take_it_is_chosen() -> None:
    full, half, empty = node("full", 2), node("half"), node("empty")
    full.take(lease(1, cores=2))
    half.take(lease(2))
    assert choice(lease(), empty, half, full) == "half"
    assert choice(lease(cores=4), empty, half, full) == "empty"
    assert choice(lease(cores=5), empty, half, full) is None


def test_gpus_lanes_and_many_hosts_are_kept_for_what_needs_them() -> None:
    plain, gpu, fast = node("plain"), node("gpu", gpus=2), node("fast", lane="live")
    many = node("many", hosts=2)
    everything = plain, gpu, fast, many
    assert choice(lease(), *everything) == "fast"
    assert choice(lease(lane="reprocess"), *everything) == "plain"
    assert choice(lease(gpus=2), *everything) == "gpu"
    assert choice(lease(program=True, lane="reprocess"), *everything) == "plain"
    assert choice(lease(program=True), gpu, many) == "many"
    assert choice(lease(), many) is None


def test_a_node_that_rests_is_given_nothing_before_its_time() -> None:
    tired = node("tired", rests_until=30.0)
    assert choice(lease(), tired, now=29.0) is None
    assert choice(lease(), tired, now=30.0) == "tired"


def wanted(kinds: dict[str, NodeKind], *waiting: Lease, nodes: Any = (), now: float = 0.0) -> Any:
    return nodes_wanted(kinds, nodes, waiting, now)


def test_nodes_are_asked_for_as_work_waits() -> None:
    kinds = {"cpu": kind()}
    assert wanted(kinds) == {"cpu": 0}
    assert wanted(kinds, lease()) == {"cpu": 1}
    assert wanted(kinds, *(lease(n) for n in range(9))) == {"cpu": 3}
    assert wanted(kinds, *(lease(n, cores=3) for n in range(4))) == {"cpu": 4}
    assert wanted(kinds, *(lease(n) for n in range(99))) == {"cpu": 10}
    assert wanted(kinds, lease(cores=5)) == {"cpu": 0}


def test_those_that_are_there_anyway_are_counted() -> None:
    kinds = {"cpu": kind(least=2)}
    assert wanted(kinds) == {"cpu": 2}
    assert wanted(kinds, *(lease(n) for n in range(8))) == {"cpu": 2}  # they only have to come
    assert wanted(kinds, *(lease(n) for n in range(9))) == {"cpu": 3}
    there = node("a"), node("b")
    assert wanted(kinds, lease(cores=4), nodes=there) == {"cpu": 3}


def test_a_node_stays_while_it_works_or_was_used_a_moment_ago() -> None:
    kinds = {"cpu": kind(idle=5.0)}
    busy, idle = node("busy"), node("idle", idle_since=10.0)
    busy.take(lease())
    assert wanted(kinds, nodes=(busy, idle), now=14.0) == {"cpu": 2}
    assert wanted(kinds, nodes=(busy, idle), now=15.0) == {"cpu": 1}


def test_each_waits_for_the_kind_that_suits_it_best_and_then_for_the_next() -> None:
    kinds = {
        "cpu": kind(most=2),
        "gpu": kind(gpus=2, most=3),
        "fast": kind(lane="live", most=1),
        "mpi": kind(hosts=2, most=1),
    }
    none = dict.fromkeys(kinds, 0)
    assert wanted(kinds, lease()) == {**none, "fast": 1}
    assert wanted(kinds, lease(lane="reprocess")) == {**none, "cpu": 1}
    assert wanted(kinds, lease(gpus=1), lease(1, gpus=1)) == {**none, "gpu": 1}
    assert wanted(kinds, lease(gpus=2), lease(1, gpus=1)) == {**none, "gpu": 2}
    assert wanted(kinds, *(lease(n) for n in range(5))) == {**none, "fast": 1, "cpu": 1}
    many = [lease(n, lane="reprocess") for n in range(9)]
    assert wanted(kinds, *many) == {**none, "cpu": 2, "gpu": 1}  # rather than none at all


@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3)), max_size=30),
    st.integers(0, 3),
    st.integers(1, 5),
)
def test_there_are_never_more_than_allowed_and_one_where_something_fits(
    waiting: list[tuple[int, int]], least: int, most: int
) -> None:
    kinds = {"gpu": kind(gpus=2, least=min(least, most), most=most)}
    leases = [lease(n, cores=cores, gpus=gpus) for n, (cores, gpus) in enumerate(waiting)]
    many = nodes_wanted(kinds, [], leases, 0.0)["gpu"]
    assert min(least, most) <= many <= most
    assert many >= any(suits(one, kinds["gpu"]) for one in leases)


# -- time ------------------------------------------------------------------------------------------


def day(name: str, ends: float, **more: Any) -> ClusterNode:
    """A node that is there for so many seconds from the moment 0."""
    return node(name, ends=ends, **more)


@pytest.mark.parametrize(
    ("expected", "now", "does"),
    [
        (0.0, 9900.0, True),  # nobody knows how long it takes
        (0.0, 9980.0, False),
        (600.0, 9000.0, True),  # 15 minutes, to be sure
        (600.0, 9100.0, False),
        (8000.0, 100.0, True),  # longer than any such node is there: it is tried on a new one
        (8000.0, 1100.0, False),
    ],
)
def test_a_lease_goes_where_it_will_have_ended_in_time(
    expected: float, now: float, does: bool
) -> None:
    one = lease(expected=expected)
    assert in_time(one, day("a", 10_000.0), now) is does
    assert (choice(one, day("a", 10_000.0), now=now) == "a") is does
    assert choice(one, day("a", 10_000.0), node("b"), now=now) is not None


def test_a_node_that_has_no_time_for_what_waits_is_replaced() -> None:
    long, short = lease(1, expected=600.0), lease(2, expected=6.0)
    late = day("late", 1000.0)
    assert not is_spent(late, [long], 30.0)
    assert is_spent(late, [long], 500.0)
    assert not is_spent(late, [long, short], 500.0)
    assert not is_spent(late, [], 500.0)
    assert is_spent(late, [], 990.0)
    assert not is_spent(late, [lease(3, gpus=1, expected=600.0)], 500.0)  # it would not go there
    assert not is_spent(node("for ever"), [long], 1e9)
    late.take(short)
    assert not is_spent(late, [long], 500.0)  # it works, and ends when that is done

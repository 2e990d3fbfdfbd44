"""Leases on nodes: every one ends once, whatever nodes do."""

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.executors.cluster import leases as module
from icestream.engine.executors.cluster.jobs import Door
from icestream.engine.executors.cluster.leases import LeasesOnNodes, Terms
from icestream.engine.executors.cluster.link import STARTED_ANEW, Joiner
from icestream.engine.executors.cluster.placing import ClusterNode, Size
from icestream.engine.executors.contract import CANCELLED, NO_ROOM, Call, Ended, Ending, Lease


class Network:
    """A link that keeps what it is given."""

    door = Door("tls://head:1")

    def __init__(self) -> None:
        self.sent: dict[str, tuple[str, Lease, Callable[[bytes, str], None]]] = {}
        self.cancelled: list[tuple[str, str, str]] = []
        self.forgotten: list[str] = []
        self.broken = ""

    def send(
        self, lease: str, address: str, mark: str, data: bytes, done: Callable[[bytes, str], None]
    ) -> None:
        if self.broken:
            raise OSError(self.broken)
        self.sent[lease] = address, pickle.loads(data), done

    def cancel(self, address: str, mark: str, lease: str) -> None:
        self.cancelled.append((address, mark, lease))

    def forget(self, lease: str) -> None:
        self.forgotten.append(lease)

    def members(self) -> Mapping[str, Joiner]:
        return {}

    def greet(self, address: str, data: bytes, threads: int, done: Any) -> None:
        raise AssertionError

    def leave(self, addresses: list[str], mark: str) -> None:
        raise AssertionError

    def close(self) -> None:
        raise AssertionError

    def end(self, lease: str, ended: Ended | str) -> None:
        """A node says how a lease has ended, or why it cannot."""
        done = self.sent[lease][2]
        if isinstance(ended, str):
            done(b"", ended)
        else:
            done(pickle.dumps(ended), "")


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.network = Network()
        self.said: list[Any] = []
        self.forgot: list[str] = []
        terms = Terms("m:", arrives_within=20.0, silence=10.0)
        self.leases = LeasesOnNodes(terms, self.said.append, lambda f: f(), self.forgot.append)
        self.leases.link = self.network
        self.now = 1000.0

    def node(self, name: str, cores: int = 2, **more: Any) -> ClusterNode:
        made = ClusterNode(f"tls://{name}", name, "cpu", Size(cores, 10**9, 0), **more)
        self.leases.nodes[made.address] = made
        return made

    def submit(self, number: int, cores: int = 1) -> str:
        call = Call(
            task=number, attempt=1, target="a:B", parameters={}, inputs="[]", documents={},
            scratch=str(self.folder / f"{number}.1"), cores=cores,
        )  # fmt: skip
        self.leases.waiting.append(Lease(id=f"m:{number};", calls=(call,), timeout=100.0))
        return f"m:{number};"

    def turn(self, seconds: float = 0.0, leaving: tuple[str, ...] = ()) -> None:
        self.now += seconds
        self.leases.look(self.now)
        self.leases.hand_out(leaving, self.now)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path)
    monkeypatch.setattr(module.time, "monotonic", lambda: made.now)
    return made


def done(number: int, *files: str) -> Ended:
    named = tuple((name, f"final/{name}", 1) for name in files)
    return Ended(f"m:{number};", (Ending(task=number, outcome="done", files=named),))


def test_leases_go_to_nodes_as_there_is_room(bench: Bench) -> None:
    node = bench.node("a")
    names = [bench.submit(n) for n in range(3)]
    bench.turn()
    assert list(bench.network.sent) == names[:2]
    address, sent, _ = bench.network.sent[names[0]]
    assert (address, sent.calls[0].patience) == (node.address, 20.0)
    bench.network.end(names[1], done(1))
    bench.turn()
    assert bench.said == [done(1)]
    assert list(bench.network.sent) == names
    assert set(node.leases) == {names[0], names[2]}


def test_a_large_one_that_waits_does_not_hold_up_small_ones(bench: Bench) -> None:
    bench.node("a", cores=3)
    names = [bench.submit(1, cores=2), bench.submit(2, cores=2), bench.submit(3)]
    bench.turn()
    assert list(bench.network.sent) == [names[0], names[2]]
    assert [one.id for one in bench.leases.waiting] == [names[1]]


def test_a_node_that_leaves_gets_none(bench: Bench) -> None:
    bench.node("a")
    bench.submit(1)
    bench.turn(leaving=("a",))
    assert bench.network.sent == {}
    bench.leases.link = None
    bench.turn()
    assert len(bench.leases.waiting) == 1


def test_files_are_awaited_that_another_machine_wrote(bench: Bench) -> None:
    bench.node("a")
    bench.submit(1)
    bench.turn()
    bench.network.end("m:1;", done(1, "a.mrc"))
    bench.turn()
    assert (bench.said, bench.leases.arriving) == ([], True)
    (bench.folder / "1.1").mkdir()
    (bench.folder / "1.1" / "a.mrc").write_text("1")
    bench.turn()
    assert (bench.said, bench.leases.arriving) == ([done(1, "a.mrc")], False)


def test_but_not_longer_than_it_was_said_that_they_take(bench: Bench) -> None:
    bench.node("a")
    bench.submit(1)
    bench.turn()
    bench.network.end("m:1;", done(1, "never.mrc"))
    bench.turn(19.0)
    assert bench.said == []
    bench.turn(2.0)
    assert bench.said == [done(1, "never.mrc")]


def test_a_node_that_goes_costs_its_leases_alone(bench: Bench) -> None:
    gone, other = bench.node("a"), bench.node("b")
    for number in range(4):
        bench.submit(number)
    bench.turn()
    lost = set(gone.leases)
    assert bench.leases.bury(gone.address, "has gone") is gone
    assert {one.lease for one in bench.said} == lost
    assert {(one.lost, one.blameless) for one in bench.said} == {("the node a has gone", True)}
    assert len(other.leases) == 2
    assert set(bench.network.forgotten) == lost
    assert bench.leases.bury(gone.address, "has gone") is None


def test_a_late_result_of_a_node_that_has_gone_counts_for_nothing(bench: Bench) -> None:
    gone = bench.node("a")
    bench.submit(1)
    bench.turn()
    late = bench.network.sent["m:1;"][2]
    bench.leases.bury(gone.address, "has gone")
    bench.node("b")
    bench.submit(1)  # by another
    bench.turn()
    late(pickle.dumps(done(1)), "")
    bench.turn()
    assert [one.lost for one in bench.said] == ["the node a has gone"]
    bench.network.end("m:1;", done(1))
    bench.turn()
    assert bench.said[1:] == [done(1)]


def test_a_task_that_ends_node_after_node_is_taken_to_be_why(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        node = bench.node(name)
        bench.submit(1)
        bench.turn()
        bench.leases.bury(node.address, "has gone")
    assert [one.blameless for one in bench.said] == [True, True, False]


def test_with_a_scheduler_everything_goes_which_no_task_has_done(bench: Bench) -> None:
    for _ in range(5):
        node = bench.node("a")
        bench.submit(1)
        bench.turn()
        bench.leases.bury(node.address, "is lost with its scheduler", suspect=False)
    assert all(one.blameless for one in bench.said)


def test_one_that_came_to_its_end_is_cleared_of_it(bench: Bench) -> None:
    for outcome in ("gone", "gone", "done", "gone"):
        node = bench.node("a")
        bench.submit(1)
        bench.turn()
        if outcome == "gone":
            bench.leases.bury(node.address, "has gone")
        else:
            bench.network.end("m:1;", done(1))
            bench.turn()
    assert [one.blameless for one in bench.said if one.lost] == [True, True, True]


def test_a_node_that_does_not_end_a_lease_in_time_is_not_believed(bench: Bench) -> None:
    bench.node("a")
    bench.submit(1)
    bench.turn()
    bench.turn(100.0 + 2 * 20.0 + 10.0 + 4.0)
    assert bench.said == []
    bench.turn(2.0)
    (ended,) = bench.said
    assert ended.lost == "the node a has not said how it ended within 100 s"
    assert bench.network.cancelled == [("tls://a", "m:", "m:1;")]
    bench.submit(2)
    bench.turn()  # it rests
    assert "m:2;" not in bench.network.sent
    bench.turn(module._REST)
    assert "m:2;" in bench.network.sent


def test_a_node_without_room_of_its_own_rests_and_another_does_it(bench: Bench) -> None:
    bench.node("a")
    bench.submit(1)
    bench.turn()
    bench.network.end("m:1;", Ended("m:1;", (), NO_ROOM))
    bench.node("b")
    bench.turn()
    assert bench.network.sent["m:1;"][0] == "tls://b"
    assert bench.said == []


def test_a_node_that_was_started_anew_is_said(bench: Bench) -> None:
    bench.node("a")
    bench.submit(1)
    bench.turn()
    bench.network.end("m:1;", STARTED_ANEW)
    assert bench.forgot == ["tls://a"]
    assert [(one.lost, one.blameless) for one in bench.said] == [
        ("the node a was started anew", True)
    ]


def test_what_cannot_be_sent_is_said(bench: Bench) -> None:
    node = bench.node("a")
    bench.network.broken = "no such value"
    bench.submit(1)
    bench.turn()
    assert bench.said == [Ended("m:1;", (), "it cannot be sent to a node: no such value")]
    assert node.free == node.size


def test_what_waits_is_cancelled_at_once(bench: Bench) -> None:
    bench.submit(1)
    bench.leases.cancel("m:1;")
    bench.leases.cancel("m:2;")
    assert bench.said == [Ended("m:1;", (), CANCELLED)]


def test_what_runs_is_cancelled_by_its_node(bench: Bench) -> None:
    bench.node("a")
    bench.submit(1)
    bench.turn()
    bench.leases.cancel("m:1;")
    assert bench.network.cancelled == [("tls://a", "m:", "m:1;")]
    bench.network.end("m:1;", Ended("m:1;", (), CANCELLED))
    bench.turn()
    assert bench.said == [Ended("m:1;", (), CANCELLED)]


def test_or_without_it_when_it_does_not_answer(bench: Bench) -> None:
    bench.node("a")
    bench.submit(1)
    bench.turn()
    bench.leases.cancel("m:1;")
    bench.turn(module._LATE + 1.0)
    assert bench.said == [Ended("m:1;", (), CANCELLED)]


def test_what_nothing_can_run_is_given_back_with_the_reason(bench: Bench) -> None:
    bench.node("a")
    bench.submit(1, cores=3)
    bench.submit(2, cores=4)
    bench.turn()
    bench.leases.refuse(lambda lease: lease.calls[0].cores < 4)  # a kind has such nodes
    assert bench.said == [Ended("m:2;", (), "no node of the cluster is large enough for it")]
    bench.leases.give_back()
    assert bench.said[1:] == [Ended("m:1;", (), NO_ROOM)]


def test_at_the_end_nothing_is_waited_for(bench: Bench) -> None:
    bench.node("a")
    bench.submit(1)
    bench.turn()
    bench.leases.forget()
    assert bench.network.forgotten == ["m:1;"]

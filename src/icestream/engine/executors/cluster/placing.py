"""Placement: which node a lease goes to, and how many nodes its work asks for. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from icestream.engine.executors.cluster.kinds import NodeKind
from icestream.engine.executors.contract import Lease

__all__ = [
    "ClusterNode",
    "Size",
    "choose_node",
    "fits",
    "in_time",
    "is_spent",
    "nodes_wanted",
    "size_of",
    "suits",
]

_CLOSING = 30.0
"""Seconds that a node keeps for its end: files are written, and what runs there is told to end."""
_SURELY = 1.5
"""Times the mean of what tasks took that one may take."""
_MOST_OF_IT = 0.9
"""Of the time that a node is there: a task that takes longer is tried nevertheless."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a node has, or a lease holds of it."""

    cores: int
    memory: int
    """Bytes."""
    gpus: int

    def __sub__(self, other: "Size") -> "Size":
        return Size(self.cores - other.cores, self.memory - other.memory, self.gpus - other.gpus)

    def __add__(self, other: "Size") -> "Size":
        return Size(self.cores + other.cores, self.memory + other.memory, self.gpus + other.gpus)

    def __le__(self, other: "Size") -> bool:
        return self.cores <= other.cores and self.memory <= other.memory and self.gpus <= other.gpus


@dataclass(slots=True, eq=False)
class ClusterNode:
    """A node that has joined, and the leases that it has."""

    address: str
    name: str
    """As people know it: the host, and which of the nodes on it."""
    kind: str
    """Which of the cluster's kinds it is; empty for one that joined by itself."""
    size: Size
    lane: str | None = None
    hosts: int = 1
    host: str = ""
    """On which it is; the first of several."""
    joined: float = 0.0
    ends: float | None = None
    """When the queuing system ends it; None: not known, or never."""
    leases: dict[str, Lease] = field(default_factory=dict)
    free: Size = Size(0, 0, 0)
    """What its leases leave."""
    idle_since: float = 0.0
    rests_until: float = 0.0
    """It has no room of its own before: its worker processes cannot be started, say."""

    def __post_init__(self) -> None:
        self.free = self.size

    def take(self, lease: Lease) -> None:
        """Have it hold a lease."""
        self.leases[lease.id] = lease
        self.free -= size_of(lease)

    def give_back(self, lease: Lease, now: float) -> None:
        """Have it hold a lease no more."""
        del self.leases[lease.id]
        self.free += size_of(lease)
        self.idle_since = now


def in_time(lease: Lease, node: ClusterNode, now: float) -> bool:
    """Whether a lease will surely have ended on a node before the node does.

    By what tasks like its own took; one that takes as long as any node is there has to begin on
    one that is new.
    """
    if node.ends is None:
        return True
    need = _CLOSING + _SURELY * lease.expected
    return node.ends - now >= min(need, _MOST_OF_IT * (node.ends - node.joined))


def is_spent(node: ClusterNode, waiting: Iterable[Lease], now: float) -> bool:
    """Whether a node without leases gets none any more, so that another may take its place.

    Its time is over, or it is too short for all that waits and would go there.
    """
    if node.ends is None or node.leases:
        return False
    if node.ends - now < min(_CLOSING, (1.0 - _MOST_OF_IT) * (node.ends - node.joined)):
        return True
    suiting = [one for one in waiting if fits(one, node.size, node.lane, node.hosts)]
    return bool(suiting) and not any(in_time(one, node, now) for one in suiting)


def size_of(lease: Lease) -> Size:
    """What a lease needs at once."""
    return Size(
        max((call.cores for call in lease.calls), default=1),
        max((call.memory for call in lease.calls), default=0),
        lease.gpus,
    )


def fits(lease: Lease, size: Size, lane: str | None, hosts: int) -> bool:
    """Whether a lease may run on a node of this size, of this lane and of so many hosts.

    A node of several hosts is for programs, which start their parts on all of them by MPI; a
    method of Python would only see the first.
    """
    if lane is not None and lane != lease.lane:
        return False
    if hosts > 1 and not all(call.programs for call in lease.calls):
        return False
    return size_of(lease) <= size


def choose_node(lease: Lease, nodes: Iterable[ClusterNode], now: float) -> ClusterNode | None:
    """The node for a lease; None while all that could take it are full.

    The fullest of those that can take it, so that the others become idle and can be given back;
    one without GPUs before one with some, one of a lane of its own before one of all, one host
    before many.
    """
    able = [
        node
        for node in nodes
        if now >= node.rests_until
        and fits(lease, node.free, node.lane, node.hosts)
        and in_time(lease, node, now)
    ]
    return min(
        able,
        key=lambda node: (
            *_worth(lease, node.size.gpus, node.hosts, node.lane),
            node.free.cores,
            node.name,
        ),
        default=None,
    )


def nodes_wanted(
    kinds: Mapping[str, NodeKind],
    nodes: Sequence[ClusterNode],
    waiting: Iterable[Lease],
    now: float,
) -> dict[str, int]:
    """How many nodes of each kind there should be.

    Those that work or were used a moment ago, and as many more as hold what waits: of the kind
    that suits it best, and of the next when there may be no more of that.
    """
    wanted, left = {}, {}
    for name, kind in kinds.items():
        busy = sum(
            bool(node.leases) or now - node.idle_since < kind.idle
            for node in nodes
            if node.kind == name
        )
        wanted[name] = max(kind.least, busy)
        # Of those that are to be there anyway, the ones that have not come yet.
        coming = max(0, wanted[name] - sum(node.kind == name for node in nodes))
        left[name] = _many(_size_of_kind(kind), coming)
    for lease in waiting:
        need = size_of(lease)
        for name in _suiting(lease, kinds):
            if not need <= left[name] and wanted[name] < kinds[name].most:
                wanted[name] += 1
                left[name] = _size_of_kind(kinds[name])
            if need <= left[name]:
                left[name] -= need
                break
    return wanted


def suits(lease: Lease, kind: NodeKind) -> bool:
    """Whether a lease may run on nodes of a kind."""
    return fits(lease, _size_of_kind(kind), kind.lane, kind.hosts)


def _suiting(lease: Lease, kinds: Mapping[str, NodeKind]) -> list[str]:
    """Kinds of nodes for a lease, the best first."""
    able = [name for name, kind in kinds.items() if suits(lease, kind)]

    def worth(name: str) -> tuple[bool, int, bool, str]:
        kind = kinds[name]
        return *_worth(lease, kind.gpus, kind.hosts, kind.lane), name

    return sorted(able, key=worth)


def _worth(lease: Lease, gpus: int, hosts: int, lane: str | None) -> tuple[bool, int, bool]:
    """How well a lease that fits goes there; less is better."""
    return gpus > 0 and not lease.gpus, hosts, lane is None


def _size_of_kind(kind: NodeKind) -> Size:
    return Size(kind.cores, int(kind.memory), kind.gpus)


def _many(size: Size, count: int) -> Size:
    return Size(size.cores * count, size.memory * count, size.gpus * count)

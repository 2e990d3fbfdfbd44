"""The kinds of clusters, as the settings have them."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from annotated_types import Ge
from pydantic import (
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from icestream.units import Second, Unit, Usual

__all__ = [
    "Cluster",
    "DaskCluster",
    "NodeKind",
    "QueueCluster",
    "SshCluster",
    "Tls",
    "largest_node",
    "lasts",
    "whole_cluster",
]

NodeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w-]*$")]
Words = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\n\r\x00]+$")]


def _listed(given: Any) -> Any:
    """One of something for a list of one."""
    return (given,) if isinstance(given, str) else given


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


class Tls(_Model):
    """Certificates with which the machines of a cluster know each other, as files in PEM."""

    authority: Path
    """Certificate of who signed the others."""
    certificate: Path
    """Of this machine."""
    key: Path
    """That belongs to it."""


class NodeKind(_Model):
    """Nodes that are alike, of which there are as many as there is work for."""

    cores: Annotated[int, Ge(1), Usual(1.0, 10000.0)]
    """CPU cores of one."""

    memory: Annotated[ByteSize, Unit("B"), Usual(1e9, 1e14)]
    """Memory of one, such as 64GB."""

    gpus: Annotated[int, Ge(0), Usual(0.0, 16.0)] = 0
    """GPUs of one."""

    least: Annotated[int, Ge(0)] = 0
    """Nodes that are there while the session runs, whether or not there is work for them."""

    most: Annotated[int, Ge(1), Usual(1.0, 1000.0)] = 1
    """Nodes at most."""

    idle: Annotated[Second, Ge(0), Usual(1.0, 86400.0)] = 300.0
    """Time without work after which one is given back."""

    lane: Literal["live", "reprocess"] | None = None
    """Only for what is live, or only for what is done again in branches; for both when not
    given."""

    hosts: Annotated[int, Ge(1), Usual(1.0, 1000.0)] = 1
    """Hosts that make one node, for programs with MPI; `cores` and `memory` are those of all."""

    queue: Words | None = None
    """Queue or partition of the queuing system; its own choice when not given."""

    walltime: Annotated[str, StringConstraints(pattern=r"^(\d+-)?\d+(:\d\d){0,2}$")] = "24:00:00"
    """How long one may be there, as the queuing system says it."""

    directives: Annotated[tuple[Words, ...], BeforeValidator(_listed)] = ()
    """More lines for the head of the script, such as "--constraint=ib"."""

    prologue: Annotated[tuple[Words, ...], BeforeValidator(_listed)] = ()
    """Lines of the script before icestream is started, such as "module load cuda"."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"least is {self.least}, and most is {self.most}: at least how many?")
        if self.hosts > 1 and self.cores % self.hosts:
            raise ValueError(f"{self.cores} cores cannot be divided among {self.hosts} hosts")
        return self


class _Cluster(_Model):
    """What all kinds have."""

    host: Words | None = None
    """Address of this machine by which the nodes reach it; that of its name when not given."""

    python: Words = sys.executable
    """Python on the nodes that has icestream; that of this process when not given."""

    arrives_within: Annotated[Second, Ge(0), Usual(1.0, 600.0)] = 90.0
    """Time after which a file that one machine wrote is surely seen by another: the file system
    over the network may keep what it knew of a folder for so long."""

    @property
    def nodes_of(self) -> Mapping[str, NodeKind]:
        """Its kinds of nodes, by their names."""
        raise NotImplementedError


class DaskCluster(_Cluster):
    """Nodes that have joined a scheduler of Dask, or processes of this machine."""

    kind: Literal["dask"] = "dask"
    """A scheduler of Dask."""

    address: Annotated[str, StringConstraints(pattern=r"^(tcp|tls)://[^\s/]+:\d+$")] | None = None
    """Of the scheduler, such as tcp://head:8786; one is started here when not given."""

    tls: Tls | None = None
    """Certificates for an address that begins with tls://."""

    nodes: dict[NodeName, NodeKind] = {}
    """Kinds of nodes, which are started on this machine; with an address, those that have joined
    are taken as they are."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.address and self.nodes:
            raise ValueError("nodes of a scheduler with an address say themselves what they have")
        secret = (self.address or "").startswith("tls://")
        if secret != (self.tls is not None):
            raise ValueError("tls has certificates for an address that begins with tls://")
        if not self.address and not self.nodes:
            raise ValueError("it needs an address, or kinds of nodes to start here")
        return self

    @property
    def nodes_of(self) -> Mapping[str, NodeKind]:
        """Its kinds of nodes; none where those that have joined are taken."""
        return self.nodes


class SshCluster(_Cluster):
    """Hosts on which this account can log in without a password."""

    kind: Literal["ssh"]
    """Hosts by SSH."""

    hosts: Annotated[tuple[Words, ...], BeforeValidator(_listed), Field(min_length=1)]
    """Their names, as ssh knows them."""

    node: NodeKind
    """What of each is used."""

    @property
    def nodes_of(self) -> Mapping[str, NodeKind]:
        """One kind, with all hosts."""
        most = len(self.hosts)
        least = min(self.node.least, most)
        return {"host": self.node.model_copy(update={"most": most, "least": least})}


class QueueCluster(_Cluster):
    """Jobs of a queuing system."""

    kind: Literal["slurm", "pbs", "sge", "lsf", "htcondor"]
    """The queuing system."""

    account: Words | None = None
    """Who pays, where the system asks for it."""

    nodes: Annotated[dict[NodeName, NodeKind], Field(min_length=1)]
    """Kinds of nodes, each a job of its own: [executors.NAME.nodes.cpu] and so on."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        many = [name for name, kind in self.nodes.items() if kind.hosts > 1]
        if many and self.kind != "slurm":
            raise ValueError(f"nodes.{many[0]}.hosts: only jobs of Slurm can have several hosts")
        asks = [name for name, kind in self.nodes.items() if kind.gpus and not kind.directives]
        if asks and self.kind != "slurm":
            raise ValueError(
                f"nodes.{asks[0]}.directives: say how {self.kind} is asked for GPUs at this site"
            )
        return self

    @property
    def nodes_of(self) -> Mapping[str, NodeKind]:
        """Its kinds of nodes."""
        return self.nodes


def lasts(system: str, walltime: str) -> float | None:
    """Seconds that a job may be there; None where the queuing system has no such limit.

    ``90`` are minutes for Slurm and LSF, and seconds for PBS and SGE; ``1:30`` are minutes and
    seconds for all but LSF.

    Parameters
    ----------
    system
        The queuing system; another kind of cluster has none.
    walltime
        As the queuing system says it.
    """
    if system not in ("slurm", "pbs", "sge", "lsf"):
        return None
    days, dash, rest = walltime.rpartition("-")
    parts = [int(part) for part in rest.split(":")]
    if dash:  # days-hours[:minutes[:seconds]]
        parts += [0] * (3 - len(parts))
    elif system == "lsf":  # [hours:]minutes, and no seconds
        parts = [*parts, 0] if len(parts) < 3 else parts
    elif system == "slurm" and len(parts) == 1:
        parts = [*parts, 0]
    seconds = 0
    for part in parts:
        seconds = 60 * seconds + part
    return float(seconds + 86400 * int(days or 0))


Cluster = Annotated[DaskCluster | SshCluster | QueueCluster, Field(discriminator="kind")]
"""A kind of cluster, told by ``kind``."""


def whole_cluster(kinds: Mapping[str, NodeKind]) -> dict[str, int]:
    """Cores, memory in bytes and GPUs of all nodes that there may be."""
    return {
        "cores": sum(kind.cores * kind.most for kind in kinds.values()),
        "memory": sum(kind.memory * kind.most for kind in kinds.values()),
        "gpus": sum(kind.gpus * kind.most for kind in kinds.values()),
    }


def largest_node(kinds: Mapping[str, NodeKind]) -> dict[str, int]:
    """The most that one node has of each; a task that needs more can run nowhere."""
    return {
        "cores": max((kind.cores for kind in kinds.values()), default=0),
        "memory": max((int(kind.memory) for kind in kinds.values()), default=0),
        "gpus": max((kind.gpus for kind in kinds.values()), default=0),
    }

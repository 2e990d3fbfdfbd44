"""The kinds of clusters, as the settings have them."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from icestream.engine.executors.cluster.kinds import (
    Cluster,
    DaskCluster,
    QueueCluster,
    SshCluster,
    largest_node,
    lasts,
    whole_cluster,
)

CPU = {"cores": 16, "memory": "64GB", "most": 10}
GPU = {"cores": 8, "memory": "128GB", "gpus": 4, "most": 2}


def read(**given: Any) -> Any:
    return TypeAdapter(Cluster).validate_python(given)


def test_each_kind_is_told_by_its_name() -> None:
    assert isinstance(read(kind="dask", address="tcp://head:8786"), DaskCluster)
    assert isinstance(read(kind="ssh", hosts=["a"], node=CPU), SshCluster)
    for system in ("slurm", "pbs", "sge", "lsf", "htcondor"):
        assert isinstance(read(kind=system, nodes={"cpu": CPU}), QueueCluster)


def test_a_cluster_of_several_kinds_is_known_as_a_whole() -> None:
    kinds = read(kind="slurm", nodes={"cpu": CPU, "gpu": GPU}).nodes_of
    assert whole_cluster(kinds) == {"cores": 176, "memory": 896 * 10**9, "gpus": 8}
    assert largest_node(kinds) == {"cores": 16, "memory": 128 * 10**9, "gpus": 4}
    assert largest_node({}) == {"cores": 0, "memory": 0, "gpus": 0}


def test_hosts_by_ssh_are_one_kind_with_a_node_on_each() -> None:
    (kind,) = read(kind="ssh", hosts=["a", "b", "c"], node={**CPU, "least": 9}).nodes_of.values()
    assert (kind.most, kind.least) == (3, 3)
    assert read(kind="ssh", hosts="a", node=CPU).hosts == ("a",)


def test_nodes_that_join_by_themselves_have_no_kinds() -> None:
    assert read(kind="dask", address="tcp://head:8786").nodes_of == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "slurn", "nodes": {"cpu": CPU}}, "slurm"),
        ({"kind": "slurm", "nodes": {}}, "at least 1"),
        ({"kind": "slurm", "nodes": {"a b": CPU}}, "pattern"),
        ({"kind": "slurm", "nodes": {"cpu": {**CPU, "least": 11}}}, "least is 11, and most is 10"),
        ({"kind": "slurm", "nodes": {"mpi": {**CPU, "hosts": 3}}}, "divided among 3 hosts"),
        ({"kind": "pbs", "nodes": {"mpi": {**CPU, "hosts": 2}}}, "only jobs of Slurm"),
        ({"kind": "pbs", "nodes": {"gpu": GPU}}, "say how pbs is asked for GPUs"),
        ({"kind": "slurm", "nodes": {"cpu": {**CPU, "walltime": "a day"}}}, "pattern"),
        ({"kind": "slurm", "nodes": {"cpu": {**CPU, "directives": "--a\nrm"}}}, "pattern"),
        ({"kind": "dask"}, "it needs an address, or kinds of nodes"),
        ({"kind": "dask", "address": "head:8786"}, "pattern"),
        ({"kind": "dask", "address": "tcp://head:1", "nodes": {"cpu": CPU}}, "say themselves"),
        ({"kind": "dask", "address": "tls://head:1"}, "tls has certificates"),
        ({"kind": "ssh", "hosts": [], "node": CPU}, "at least 1"),
        ({"kind": "ssh", "hosts": ["a"], "node": {**CPU, "queue": ""}}, "at least 1"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        read(**given)


def test_gpus_of_another_system_are_asked_for_as_the_site_says() -> None:
    gpu = {**GPU, "directives": "-l ngpus=4"}
    assert read(kind="pbs", nodes={"gpu": gpu}).nodes["gpu"].directives == ("-l ngpus=4",)


@pytest.mark.parametrize(
    ("system", "walltime", "seconds"),
    [
        ("slurm", "90", 5400.0),
        ("slurm", "90:30", 5430.0),
        ("slurm", "24:00:00", 86400.0),
        ("slurm", "2-6", 194400.0),
        ("slurm", "1-00:30", 88200.0),
        ("slurm", "1-00:00:10", 86410.0),
        ("pbs", "90", 90.0),
        ("pbs", "1:30", 90.0),
        ("sge", "01:00:00", 3600.0),
        ("lsf", "90", 5400.0),
        ("lsf", "1:30", 5400.0),
        ("htcondor", "24:00:00", None),
        ("ssh", "24:00:00", None),
        ("dask", "24:00:00", None),
    ],
)
def test_how_long_a_job_may_be_there(system: str, walltime: str, seconds: float | None) -> None:
    assert lasts(system, walltime) == seconds

"""A session's share of the machine: what its leases hold, and what it may still take."""

from collections.abc import Iterable, Mapping

from icestream.engine.decisions.state import Free, RunningLease

__all__ = ["free_of", "gpus_of", "used_by"]


def used_by(leases: Iterable[RunningLease]) -> dict[str, int]:
    """What leases hold, by kind of the machine's ledger; of GPUs the executor knows which."""
    held = list(leases)
    amounts = {
        "cores": sum(lease.need.cores for lease in held),
        "memory": sum(lease.need.memory for lease in held),
    }
    for lease in held:
        for token in lease.need.tokens:
            amounts[f"token:{token}"] = amounts.get(f"token:{token}", 0) + 1
    return amounts


def gpus_of(granted: Mapping[str, int]) -> tuple[int, ...]:
    """The GPUs in a share."""
    return tuple(
        int(kind[4:]) for kind, amount in granted.items() if kind.startswith("gpu:") and amount
    )


def free_of(granted: Mapping[str, int], leases: Iterable[RunningLease] = ()) -> Free:
    """What leases leave of a share; less than nothing where they hold more than it has now."""
    free = Free(
        cores=granted.get("cores", 0),
        memory=granted.get("memory", 0),
        gpus=len(gpus_of(granted)),
        tokens={kind[6:]: amount for kind, amount in granted.items() if kind.startswith("token:")},
    )
    for lease in leases:
        free.take(lease.need)
    return free

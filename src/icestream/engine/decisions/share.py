"""A session's share of the machine: what its leases hold, and what it may still take."""

from collections.abc import Iterable, Mapping

from icestream.engine.decisions.state import Free, RunningLease

__all__ = ["free_of", "used_by"]


def used_by(leases: Iterable[RunningLease]) -> dict[str, int]:
    """What leases hold, by kind of the machine's ledger."""
    held = list(leases)
    amounts = {
        "cores": sum(lease.need.cores for lease in held),
        "memory": sum(lease.need.memory for lease in held),
    }
    for lease in held:
        for gpu in lease.gpus:
            amounts[f"gpu:{gpu}"] = 1
        for token in lease.need.tokens:
            amounts[f"token:{token}"] = amounts.get(f"token:{token}", 0) + 1
    return amounts


def free_of(granted: Mapping[str, int], used: Mapping[str, int]) -> Free:
    """What is left of a share; less than nothing where more is used than it has now."""
    gpus = {int(kind[4:]): amount for kind, amount in granted.items() if kind.startswith("gpu:")}
    out = {int(kind[4:]) for kind, amount in used.items() if kind.startswith("gpu:") and amount}
    return Free(
        cores=granted.get("cores", 0) - used.get("cores", 0),
        memory=granted.get("memory", 0) - used.get("memory", 0),
        gpus={gpu for gpu, amount in gpus.items() if amount} - out,
        owed={gpu for gpu in out if not gpus.get(gpu, 0)},
        tokens={
            kind[6:]: amount - used.get(kind, 0)
            for kind, amount in granted.items()
            if kind.startswith("token:")
        },
    )

"""A session's share of the machine: what its leases hold, and what it may still take."""

from collections.abc import Mapping

from icestream.engine.decisions.state import Free, State

__all__ = ["free_of", "take_grant", "used_by"]


def used_by(state: State) -> dict[str, int]:
    """What leases hold now, by kind of the machine's ledger."""
    leases = list(state.leases.values())
    amounts = {
        "cores": sum(lease.need.cores for lease in leases),
        "memory": sum(lease.need.memory for lease in leases),
    }
    for lease in leases:
        for gpu in lease.gpus:
            amounts[f"gpu:{gpu}"] = 1
        for token in lease.need.tokens:
            amounts[f"token:{token}"] = amounts.get(f"token:{token}", 0) + 1
    return amounts


def take_grant(state: State, granted: Mapping[str, int]) -> None:
    """Take over a share of the machine; what runs keeps what it has."""
    state.free = free_of(granted, used_by(state))


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

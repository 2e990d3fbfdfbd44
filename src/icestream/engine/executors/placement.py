"""Placement: which GPUs a lease is put on."""

from collections.abc import Collection, Sequence

__all__ = ["choose"]


def choose(many: int, free: Collection[int], warm: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The GPUs for a lease that needs `many`; none where too few are free.

    Parameters
    ----------
    many
        How many it needs.
    free
        GPUs that may be used and on which nothing runs.
    warm
        GPUs of each idle worker: those of one that fits are taken, and else such as no worker
        has to be ended for.
    """
    fitting = [gpus for gpus in warm if len(gpus) == many and set(gpus) <= set(free)]
    if fitting:
        return min(fitting)
    if len(free) < many:
        return ()
    taken = {gpu for gpus in warm for gpu in gpus}
    return tuple(sorted(sorted(free, key=lambda gpu: (gpu in taken, gpu))[:many]))

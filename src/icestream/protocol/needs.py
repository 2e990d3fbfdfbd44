"""What a protocol needs of the machine, looked for before anything is begun."""

from collections.abc import Callable, Iterator
from typing import Any

from icestream.protocol.breaking import in_a_sentence
from icestream.protocol.kinds import Protocol
from icestream.protocol.parameters import absent_file, hidden_parameters

__all__ = ["missing"]


def missing(protocol: Protocol[Any], *, gpus: int | None = None) -> tuple[str, ...]:
    """What `protocol`, with its parameters, needs and this machine does not have.

    Parameters
    ----------
    protocol
        As it will run: programs, files and GPUs may depend on its parameters.
    gpus
        How many GPUs a task can hold here at most; not looked at when None.

    Returns
    -------
    tuple of str
        One sentence for each thing: what is missing, where it was looked for, what to do. Empty
        when all is there.
    """
    checks = (_programs, lambda made: _gpus(made, gpus), _files, _others)
    return tuple(said for check in checks for said in _guarded(check, protocol))


def _guarded(
    check: Callable[[Protocol[Any]], Iterator[str]], protocol: Protocol[Any]
) -> Iterator[str]:
    """What a check finds; a plugin that raises when it is asked is told like what is missing."""
    try:
        yield from check(protocol)
    except Exception as error:
        said = in_a_sentence(error, type(protocol).__module__)
        yield f"{protocol.name} cannot say what it needs: {said}"


def _programs(protocol: Protocol[Any]) -> Iterator[str]:
    for program in protocol.programs():
        if said := program.lacking():
            yield said


def _gpus(protocol: Protocol[Any], gpus: int | None) -> Iterator[str]:
    wanted = protocol.need().gpus
    if gpus is not None and wanted > gpus:
        yield (
            f"a task needs {wanted} GPU{'s' if wanted > 1 else ''}, and this machine has "
            f"{gpus or 'none'} for it; run it where there are as many, or use another protocol"
        )


def _files(protocol: Protocol[Any]) -> Iterator[str]:
    parameters = protocol.parameters
    without_effect = hidden_parameters(parameters)
    for name in type(parameters).model_fields:
        if name not in without_effect:
            said = absent_file(type(parameters), name, getattr(parameters, name))
            if said:
                yield said


def _others(protocol: Protocol[Any]) -> Iterator[str]:
    yield from protocol.lacking()

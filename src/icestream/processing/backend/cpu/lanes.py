"""Eight float32 at a time: the inner steps of the frame sum, written as vector instructions.

The compiler does not turn loops over small tiles into vector instructions reliably, since it
cannot know that the arrays do not overlap. Addresses are in bytes, and nothing is checked: callers
see to it that all eight numbers lie inside.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

__all__ = ["LANES", "add_filtered", "filter_lanes", "load_counts"]

LANES = 8
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_FAST = ("fast",)


def _load(builder: Any, address: Any) -> Any:  # pragma: no cover - compiled
    return builder.load(builder.inttoptr(address, _VECTOR.as_pointer()), align=4)


def _store(builder: Any, value: Any, address: Any) -> None:  # pragma: no cover - compiled
    builder.store(value, builder.inttoptr(address, _VECTOR.as_pointer()), align=4)


def _spread(builder: Any, value: Any) -> Any:  # pragma: no cover - compiled
    """A vector of eight times the same number."""
    whole = ir.IntType(32)
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(whole, 0))
    mask = ir.Constant(ir.VectorType(whole, LANES), [0] * LANES)
    return builder.shuffle_vector(first, nothing, mask)


def _add_product(
    builder: Any, one: Any, two: Any, total: Any
) -> Any:  # pragma: no cover - compiled
    product = builder.fmul(one, two, flags=_FAST)
    return product if total is None else builder.fadd(product, total, flags=_FAST)


def _filter(
    builder: Any, source: Any, step: Any, taps: Any, count: int
) -> Any:  # pragma: no cover - compiled
    total = None
    for place in range(count):
        tap = _spread(builder, builder.extract_value(taps, place))
        total = _add_product(builder, _load(builder, source), tap, total)
        source = builder.add(source, step)
    return total


def _load_counts(
    _context: Any, _out: Any, _counts: Any, _gain: Any, like: Any
) -> Any:  # pragma: no cover - compiled
    kind = like.dtype

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        out, counts, gain, _ = arguments
        if isinstance(kind, types.Float):
            values = _load(builder, counts)
        else:
            vector = ir.VectorType(ir.IntType(kind.bitwidth), LANES).as_pointer()
            whole = builder.load(builder.inttoptr(counts, vector), align=kind.bitwidth // 8)
            to_float = builder.sitofp if kind.signed else builder.uitofp
            values = to_float(whole, _VECTOR)
        _store(builder, builder.fmul(values, _load(builder, gain)), out)
        return context.get_dummy_value()

    return types.void(types.uintp, types.uintp, types.uintp, like), generate


def _filter_lanes(
    _context: Any, _out: Any, _source: Any, _step: Any, taps: Any
) -> Any:  # pragma: no cover - compiled
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        out, source, step, values = arguments
        total = _filter(builder, source, step, values, signature.args[3].count)
        _store(builder, total, out)
        return context.get_dummy_value()

    return types.void(types.uintp, types.uintp, types.uintp, taps), generate


def _add_filtered(
    _context: Any, _out: Any, _source: Any, _step: Any, taps: Any, factors: Any, _sums: Any
) -> Any:  # pragma: no cover - compiled
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        out, source, step, values, factors, between = arguments
        moved = _filter(builder, source, step, values, signature.args[3].count)
        for place in range(signature.args[4].count):
            factor = _spread(builder, builder.extract_value(factors, place))
            _store(builder, _add_product(builder, moved, factor, _load(builder, out)), out)
            out = builder.add(out, between)
        return context.get_dummy_value()

    numbers = (types.uintp, types.uintp, types.uintp, taps, factors, types.uintp)
    return types.void(*numbers), generate


load_counts: Any = intrinsic(_load_counts)
"""``load_counts(out, counts, gain, like)``: out = counts x gain; counts of the type of the array
`like`, whose values do not matter."""

filter_lanes: Any = intrinsic(_filter_lanes)
"""``filter_lanes(out, source, step, taps)``: out = sum of taps[k] x what lies k steps on."""

add_filtered: Any = intrinsic(_add_filtered)
"""``add_filtered(out, source, step, taps, factors, between)``: what `filter_lanes` gives, times
factors[r], is added to what lies r x between from `out`."""

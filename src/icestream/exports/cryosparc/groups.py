"""Groups of CryoSPARC (``.csg``): which tables hold what is known of items of one kind."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from icestream.whole import written_whole

__all__ = ["ItemGroup", "write_group"]

VERSION = "v4.4.1"
"""Of CryoSPARC, whose layout of groups this is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemGroup:
    """One group; its table and its file of the group are called after it."""

    name: str
    kind: str
    """``exposure``, ``particle``, ``template`` or ``volume``."""
    title: str
    slots: Mapping[str, str]
    """What is known of an item, and of which type that is: ``map_half_A`` is a ``blob``."""


def write_group(folder: Path, group: ItemGroup, count: int) -> None:
    """Write the file of a group of `count` items, which CryoSPARC's *Import Result Group* reads.

    The sign before the name of the table says that it lies beside this file.
    """
    lines = [
        f"created: '{time.strftime('%Y-%m-%d %H:%M:%S')}'",
        "group:",
        f"  description: {group.title}",
        f"  name: {group.name}",
        f"  title: {group.title}",
        f"  type: {group.kind}",
        "results:",
    ]
    for slot, kind in sorted(group.slots.items()):
        lines += [
            f"  {slot}:",
            f"    metafile: '>{group.name}.cs'",
            f"    num_items: {count}",
            f"    type: {group.kind}.{kind}",
        ]
    with written_whole(folder / f"{group.name}.csg") as unfinished:
        unfinished.write_text("\n".join([*lines, f"version: {VERSION}", ""]), encoding="utf-8")

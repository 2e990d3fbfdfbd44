"""Handing a session over to RELION."""

from icestream.exports.relion.project import Summary, export_relion

__all__ = ["Summary", "export_relion"]

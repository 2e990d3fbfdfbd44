"""Handing a session over to RELION."""

from icestream.exports.relion.jobs import Version
from icestream.exports.relion.project import export_relion
from icestream.exports.relion.summary import Summary, sentences

__all__ = ["Summary", "Version", "export_relion", "sentences"]

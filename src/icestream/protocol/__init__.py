"""The protocol language: everything that the author of a protocol imports."""

from icestream.alike import meant
from icestream.protocol.elsewhere import ANY, Becomes, Counterpart
from icestream.protocol.executable import FoundProgram, Probe, Program, interpreter_of
from icestream.protocol.failure import Failure, ItemFailed, ProtocolError, TryAgain
from icestream.protocol.figures import Figure, Sample
from icestream.protocol.file_parameters import named_files, names_files
from icestream.protocol.groups import Gathered, Group, GroupProtocol, LastProtocol
from icestream.protocol.kinds import (
    Batch,
    BatchProtocol,
    ConsensusProtocol,
    Cursor,
    Discovery,
    ItemProtocol,
    Monitor,
    Protocol,
    Refusal,
    SampleProtocol,
    SelectionProtocol,
    SourceProtocol,
    TriggerProtocol,
    Window,
)
from icestream.protocol.limits import Limit
from icestream.protocol.needs import missing
from icestream.protocol.outputs import BadOutput, read_output
from icestream.protocol.parameters import (
    Advanced,
    DecidesIfSet,
    InputFile,
    Operational,
    Parameters,
    absent_file,
    hidden_parameters,
    is_input_file,
    operational_parameters,
    refused_values,
    shown_if,
    unit_of,
    unset_parameters,
    unusual_values,
    usual_of,
)
from icestream.protocol.ports import Port
from icestream.protocol.program import Command, ProgramProtocol, found_by, run_program
from icestream.protocol.registry import Broken, Registry, UnknownProtocol, known_types
from icestream.protocol.resources import Resources, Work
from icestream.protocol.triggers import Draw, Enough, Incoming, read_enough

__all__ = [
    "ANY",
    "Advanced",
    "BadOutput",
    "Batch",
    "BatchProtocol",
    "Becomes",
    "Broken",
    "Command",
    "ConsensusProtocol",
    "Counterpart",
    "Cursor",
    "DecidesIfSet",
    "Discovery",
    "Draw",
    "Enough",
    "Failure",
    "Figure",
    "FoundProgram",
    "Gathered",
    "Group",
    "GroupProtocol",
    "Incoming",
    "InputFile",
    "ItemFailed",
    "ItemProtocol",
    "LastProtocol",
    "Limit",
    "Monitor",
    "Operational",
    "Parameters",
    "Port",
    "Probe",
    "Program",
    "ProgramProtocol",
    "Protocol",
    "ProtocolError",
    "Refusal",
    "Registry",
    "Resources",
    "Sample",
    "SampleProtocol",
    "SelectionProtocol",
    "SourceProtocol",
    "TriggerProtocol",
    "TryAgain",
    "UnknownProtocol",
    "Window",
    "Work",
    "absent_file",
    "found_by",
    "hidden_parameters",
    "interpreter_of",
    "is_input_file",
    "known_types",
    "meant",
    "missing",
    "named_files",
    "names_files",
    "operational_parameters",
    "read_enough",
    "read_output",
    "refused_values",
    "run_program",
    "shown_if",
    "unit_of",
    "unset_parameters",
    "unusual_values",
    "usual_of",
]

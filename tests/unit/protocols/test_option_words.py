import inspect
import re
from pathlib import Path

import icestream.protocols
from icestream.cli.here import Here
from icestream.cli.step_options import DIRECT
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.option_words import _OPTIONS, option_words


def test_what_is_named_can_be_given() -> None:
    assert option_words("pixel_size", "voltage") == (
        "--pixel-size and --voltage (pixel_size and voltage in a workflow)"
    )
    assert option_words("gain", value="FILE") == "--gain FILE (gain in a workflow)"
    assert option_words("frames", value="1") == "frames=1 in the step that imports"
    assert _OPTIONS.items() <= DIRECT.items()
    assert _OPTIONS.keys() <= ImportParameters.model_fields.keys()


def test_no_message_of_a_protocol_names_an_option_that_a_command_may_not_have() -> None:
    """A protocol does not know by which command its session is run."""
    assert Here.__doc__
    folder = Path(inspect.getfile(icestream.protocols)).parent
    spelled = {
        f"{path.name}: {option}"
        for path in folder.rglob("*.py")
        if path.name not in ("option_words.py", "gpus.py")
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", path.read_text())
    }
    # In the help of a parameter, of RELION's own options.
    assert spelled == {"extract_particles.py: --ctf"}

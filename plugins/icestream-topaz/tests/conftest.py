"""What the tests of Topaz share; the program itself is a fixture of all plugins."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for toy_classes

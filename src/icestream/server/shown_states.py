"""States of exposures in the words that people have for them."""

from typing import Literal

__all__ = ["STATE_WORDS", "ShownExposureState"]

ShownExposureState = Literal["pending", "accepted", "rejected", "failed", ""]
STATE_WORDS: dict[str, ShownExposureState] = {
    "going": "pending", "done": "accepted", "rejected": "rejected", "failed": "failed", "": "",
}  # fmt: skip
"""What people call the states that the store has."""

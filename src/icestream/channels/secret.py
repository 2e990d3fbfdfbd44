"""Secrets of channels: where they are is in the settings; what they are is read when it is used."""

import os
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

from icestream.channels.receipt import Undelivered

__all__ = ["Secret"]


class Secret(BaseModel):
    """A password or an address that is one: given as text, in a file, or in the environment."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )

    text: SecretStr | None = None
    """The secret itself."""
    file: Path | None = None
    """A file that holds nothing else."""
    env: str | None = None
    """Name of a variable of the environment."""

    @model_validator(mode="before")
    @classmethod
    def _as_text(cls, given: Any) -> Any:
        return {"text": given} if isinstance(given, str | SecretStr) else given

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum(value is not None for value in (self.text, self.file, self.env)) != 1:
            raise ValueError('give it as text, as { file = "/path" } or as { env = "NAME" }')
        return self

    def read(self) -> str:
        """The secret.

        Raises
        ------
        Undelivered
            If it is not where the settings say; names the place.
        """
        if self.text is not None:
            return self.text.get_secret_value()
        if self.env is not None:
            found = os.environ.get(self.env, "")
            if not found:
                raise Undelivered(f"the environment has no {self.env}, which its settings name")
            return found
        assert self.file is not None
        try:
            return self.file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", "") or "it is no text"
            raise Undelivered(
                f"{self.file}, which its settings name, cannot be read: {why}"
            ) from None

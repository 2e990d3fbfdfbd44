"""Stores of objects in the settings: where they are, and who asks there."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from icestream.channels.secret import Secret

__all__ = ["EVERY_BUCKET", "ObjectStore"]

EVERY_BUCKET = "*"
"""Name of the section that holds for buckets without one of their own."""


class ObjectStore(BaseModel):
    """A store that speaks S3, and how to get in."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )

    endpoint: Annotated[str, Field(pattern=r"^(https?://[^\s/@]+/?)?$")] = ""
    """Address of the store, such as https://objects.example.org:9000; that of Amazon when not
    given."""
    region: str = ""
    """Its region; what the environment or the profile say when not given."""
    key: Secret | None = None
    """The access key: text, { file = "/path" } or { env = "NAME" }. Without it, what Amazon's own
    programs use: variables of the environment, a profile, the role of the machine."""
    secret: Secret | None = None
    """The secret key that belongs to it."""
    token: Secret | None = None
    """The token of keys that expire."""
    profile: str = ""
    """A profile of ~/.aws, in the place of keys."""
    anonymous: bool = False
    """Ask without keys: buckets that are open to everybody."""
    certificates: Path | None = None
    """A file with the certificates of those whom the store's own may be signed by."""
    virtual_hosts: bool = False
    """Whether a store with an endpoint of its own has a host for each bucket."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.key is None) != (self.secret is None):
            raise ValueError("give key and secret, or neither")
        if self.token is not None and self.key is None:
            raise ValueError("give key and secret with the token")
        if sum((self.key is not None, bool(self.profile), self.anonymous)) > 1:
            raise ValueError("give one of key, profile and anonymous")
        return self

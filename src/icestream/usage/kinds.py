"""Usage statistics, as the settings have them: ``[usage]``."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from icestream.usage.countries import country_code

__all__ = ["Usage"]


def _checked_collector(given: str) -> str:
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the address of a collector: https://host, or http://host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("the address of a collector has no name, password, ? or # in it")
    return given.rstrip("/")


class Usage(BaseModel):
    """Whether usage is counted and sent, and where to."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    send: bool = False
    """Count which protocols are used, and send that to the collector once a day. Nothing is counted
    and nothing is sent unless this is true."""
    collector: Annotated[str, AfterValidator(_checked_collector)] | None = None
    """Address of a collector (icestream usage serve): https://usage.example.org. Suggestions of the
    next step come from it, too; without it, from the workflows that come with icestream."""
    country: Annotated[str, AfterValidator(country_code)] | None = None
    """Where this machine is, for the map: two letters such as ES, or its name. Not said when not
    given; it is never taken from an address."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.send and self.collector is None:
            raise ValueError("send = true wants to know where to: say collector, too")
        return self

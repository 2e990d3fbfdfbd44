"""The section ``[projects]`` of the facility file: where projects are read from."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from icestream.channels.secret import Secret
from icestream.facility.bookings.kinds import WebAddress
from icestream.facility.kinds import Seconds, Section, Several, WholePath

__all__ = ["CsvProjects", "NoProjects", "PortalProjects", "ProjectsSection"]

_Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")]


class _Projects(Section):
    """What all ways of reading projects have."""

    every: Annotated[Seconds, Field(ge=60)] = 1800.0
    """Time between two readings."""


class PortalProjects(_Projects):
    """An application portal with the REST interface of OrderPortal: ``orders``, ``order/CODE``."""

    kind: Literal["portal"]
    """Of the source: this one."""
    url: WebAddress
    """The address up to and with ``/api/v1``."""
    key: Secret
    """The key of an account that may see all orders."""
    header: _Header = "X-OrderPortal-API-key"
    """Header that the key is sent in."""
    accepted: Annotated[Several, Field(min_length=1)] = ("accepted", "processing")
    """States of orders for which there can be sessions."""
    people_field: str = "pi_list"
    """Field of the form with those who work on it: a list of name and e-mail address."""
    reference_field: str = "project_invoice_addess"
    """Field of the form with what invoices have to name; as SciLifeLab's form writes it."""
    address_field: str = ""
    """Field of the form with where invoices go; none when empty."""
    institution_field: str = ""
    """Field of the form with the institution; none when empty."""
    confidential_field: str = ""
    """Field of the form that says, by any word but no or false, that it is confidential."""
    certificates: WholePath | None = None
    """A file with the authority that signed the server's certificate, where the system has none."""


class CsvProjects(_Projects):
    """A table of projects in a file, which people or another program write."""

    kind: Literal["csv"]
    """Of the source: this one."""
    file: WholePath
    """Its columns are described in the how-to; the first line names them."""
    separator: Literal[",", ";", "\t"] = ","
    """What stands between two columns."""


class NoProjects(_Projects):
    """No list of projects: whoever begins a session names one."""

    kind: Literal["none"]
    """Of the source: this one."""


ProjectsSection = Annotated[PortalProjects | CsvProjects | NoProjects, Field(discriminator="kind")]
"""Where projects are read from."""

"""What only people know of a session: its title, its authors, its microscope, as they wrote it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from icestream.documents import read_toml

__all__ = ["ABOUT", "About", "AboutError", "Author", "Citation", "MicroscopeSaid", "read_about"]

ABOUT = "deposition.toml"
"""Name of the file in the session's folder that is read where no other is named."""

_Said = Annotated[str, Field(min_length=1, max_length=255)]
_Orcid = Annotated[str, Field(pattern=r"^(\d{4}-){3}\d{3}[\dX]$")]
_Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r'^[^0-9!"£$%^&*()]+$')]


class AboutError(ValueError):
    """The file cannot be used; says where in it, and why."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Author(_Part):
    """One of those who made the data."""

    first: _Name
    """Given names."""
    last: _Name
    orcid: _Orcid | None = None
    email: Annotated[str, Field(pattern=r"^[\w.+-]+@[\w-]+\.[\w.-]+$")] | None = None
    organization: _Said | None = None
    organization_type: Literal["Academic", "Commercial", "Government", "Other"] | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    """Two letters of ISO 3166."""
    corresponding: bool = False
    principal_investigator: bool = False


class Citation(_Part):
    """The paper; without one, the deposition's own title and authors stand for it."""

    title: _Said
    journal: _Said | None = None
    year: int | None = None
    doi: Annotated[str, Field(pattern=r"^10\.[0-9]{4,9}/[-._;()/:A-Za-z0-9]+$")] | None = None
    published: bool = False


class MicroscopeSaid(_Part):
    """What the metadata of movies do not say, in the words of the EMDB."""

    model: _Said | None = None
    """``TFS KRIOS``."""
    manufacturer: _Said | None = None
    electron_source: _Said | None = None
    """``FIELD EMISSION GUN``."""
    illumination: _Said | None = None
    """``FLOOD BEAM``."""
    imaging: _Said | None = None
    """``BRIGHT FIELD``."""
    detector: _Said | None = None
    """``GATAN K3 (6k x 4k)``."""
    detector_mode: _Said | None = None
    """``COUNTING``."""
    binning: Annotated[int, Field(ge=1, le=16)] | None = None
    """Of the camera while the movies were taken."""


class About(_Part):
    """All that people said."""

    title: Annotated[str, Field(min_length=10, max_length=255)] | None = None
    release: Literal["RE", "EP", "HP", "HO"] | None = None
    """At once, with the EMDB entry, with the paper, or after a year."""
    licence: Annotated[str, Field(pattern="^https?://")] | None = None
    """Address of the licence of the data."""
    emdb: tuple[Annotated[str, Field(pattern=r"^EMD-\d{4,}$")], ...] = ()
    """Entries of maps of these data."""
    authors: tuple[Author, ...] = ()
    citation: Citation | None = None
    microscope: MicroscopeSaid = MicroscopeSaid()


def read_about(session: Path, file: Path | None = None) -> About:
    """What people said of the session in a folder; empty where they said nothing.

    Parameters
    ----------
    session
        The session's folder: `ABOUT` in it is read where there is one.
    file
        Another file to read in its place, TOML or JSON.

    Raises
    ------
    AboutError
        If it is no TOML or JSON, or a value in it cannot be: all of these at once.
    OSError
        If the named file cannot be read.
    """
    path = session / ABOUT if file is None else file
    if file is None and not path.exists():
        return About()
    try:
        text = path.read_text("utf-8")
        if path.suffix.lower() == ".json":
            return About.model_validate_json(text)
        return About.model_validate(read_toml(text))
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}"
            + (f" (it is {one['input']!r})" if isinstance(one["input"], str | int) else "")
            for one in error.errors()
        )
        raise AboutError(f"{path}: {told}; the how-to 'Deposit a session' has them all") from None
    except UnicodeDecodeError as error:
        raise AboutError(f"{path} is no text in UTF-8 ({error}): save it as that") from None
    except ValueError as error:
        raise AboutError(f"{path} is no TOML: {error}") from None

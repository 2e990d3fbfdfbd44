"""`icestream settings`: each value, and where it came from."""

from typing import Annotated

from cyclopts import App, Parameter

from icestream.cli.describe import value_words
from icestream.cli.terminal import print_json, print_table
from icestream.protocol import unit_of
from icestream.settings import SITE_FILE, Settings, load, person_file

__all__ = ["app"]

app = App(name="settings", help="Show each setting and where it came from.")


@app.command
def show(*, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Show every setting, its value, its origin and what it does.

    Parameters
    ----------
    json
        For programs.
    """
    loaded = load()
    values = loaded.settings.model_dump(mode="json")
    if json:
        print_json(
            {
                name: {"value": value, "origin": loaded.origins[name]}
                for name, value in values.items()
            }
        )
        return
    print_table(
        ("setting", "value", "from", "what it does"),
        [
            (
                name,
                value_words(value, unit_of(Settings.model_fields[name]) or ""),
                loaded.origins[name],
                " ".join((Settings.model_fields[name].description or "").split()),
            )
            for name, value in values.items()
        ],
    )
    files = ", then ".join(
        f"{file} ({'found' if file.exists() else 'not there'})"
        for file in (person_file(), SITE_FILE)
    )
    print(f"files looked for: {files}; environment: ICESTREAM_<SETTING>")

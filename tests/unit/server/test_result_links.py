"""Where pictures of a result are."""

from pathlib import Path

from icestream.report.views.pictures import ShownPicture
from icestream.server.catalogue import Entry
from icestream.server.result_links import picture_links


def test_each_picture_has_its_address() -> None:
    entry = Entry(id="x", folder=Path("/s"), uid="x")
    given = {"port": "p", "index": 0, "title": "t", "description": "d", "width": 1.0, "shape": None}
    roles = ("micrograph", "image", "classes")
    fields = ShownPicture.__dataclass_fields__
    pictures = [ShownPicture(**{**dict.fromkeys(fields), **given, "role": role}) for role in roles]
    plain, image, classes = picture_links(entry, pictures, 7)
    assert plain.url == "/api/sessions/x/results/7/pictures/p/0.png"
    assert (plain.tiles, image.tiles) == (None, "/api/sessions/x/results/7/pictures/p/0.dzi")
    assert classes.url == "/api/sessions/x/results/7/classes/p.png"

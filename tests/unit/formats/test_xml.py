"""XML without definitions of its own."""

from pathlib import Path

import pytest

from growth import grows_as_its_input
from icestream.formats.errors import FormatError, NotRead
from icestream.formats.xml import read_xml

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "lol">'
    + "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    + "]><MicroscopeImage>&e9;</MicroscopeImage>"
)


def test_elements_and_text(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text('<a xmlns="urn:x"><b c="1">text &amp; more</b><b/></a>')
    root = read_xml(path)
    assert root.tag == "urn:x}a"
    assert [child.tag for child in root] == ["urn:x}b", "urn:x}b"]
    assert root[0].text == "text & more"
    assert root[0].attrib == {"c": "1"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("text", [BOMB, '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a>&b;</a>'])
def test_a_document_type_is_refused_where_it_begins(
    tmp_path: Path, text: str, encoding: str
) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(text.replace('<?xml version="1.0"?>', "").encode(encoding))
    with pytest.raises(NotRead, match="<!DOCTYPE"):
        read_xml(path)


def test_elements_without_end(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text("<a>" * 100_000)
    with pytest.raises(NotRead, match="within each other"):
        read_xml(path)


@pytest.mark.parametrize("content", [b"", b"<a>", b"no", b'<?xml version="1.0" encoding="x"?><a/>'])
def test_what_is_no_xml(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xml").write_bytes(content)
    with pytest.raises(FormatError, match="XML"):
        read_xml(tmp_path / "a.xml")


def test_the_cost_grows_as_the_file(tmp_path: Path) -> None:
    def prepare(size: int) -> object:
        path = tmp_path / f"{size}.xml"
        path.write_text("<a>" + "<b>1</b>" * size + " " * 50 * size + "</a>")
        return lambda: read_xml(path)

    assert grows_as_its_input(prepare, 3000)  # type: ignore[arg-type]


def test_what_is_too_large_for_metadata_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text("<a>")
    with path.open("ab") as file:
        file.truncate(2**30)
    with pytest.raises(NotRead, match="found 1073741824 bytes, more than 67108864"):
        read_xml(path)

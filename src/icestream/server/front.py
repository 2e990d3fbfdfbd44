"""The front end's files, as they were built into the package; a page without them says how."""

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

__all__ = ["STATIC", "router"]

STATIC = Path(__file__).with_name("static")
"""Where the front end is built to."""

_ASSETS = "assets/"
"""Files below have their content's hash in their names."""
_FOREVER = "public, max-age=31536000, immutable"
_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>icestream</title>
<h1>icestream is running, and its pages are not built</h1>
<p>The server answers programs all the same: what can be asked is in
<a href="/openapi.json">/openapi.json</a>.</p>
<p>In a clone of the repository, <code>make ui</code> builds the pages; load this one again then.
The package from PyPI has them in it.</p>
</html>
"""

router = APIRouter(include_in_schema=False)


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
def front_end(path: str, request: Request) -> Response:
    """A file of the front end; its page for every address of the application."""
    if path == "api" or path.startswith("api/"):
        raise HTTPException(404)
    static: Path = request.app.state.static
    file = _inside(static, path) if path else None
    if file is not None:
        kept = _FOREVER if path.startswith(_ASSETS) else "no-cache"
        return FileResponse(file, headers={"Cache-Control": kept})
    if "." in path.rpartition("/")[2] and path.startswith(_ASSETS):
        raise HTTPException(404)
    page = static / "index.html"
    if not page.is_file():
        return HTMLResponse(_NOT_BUILT, headers={"Cache-Control": "no-store"})
    return FileResponse(page, headers={"Cache-Control": "no-cache"})


def _inside(static: Path, path: str) -> Path | None:
    """The file of that path, if it is one of the front end's."""
    if "\x00" in path:
        return None
    file = (static / path).resolve()
    try:
        return file if file.is_relative_to(static.resolve()) and file.is_file() else None
    except OSError:  # longer than any name that there can be
        return None

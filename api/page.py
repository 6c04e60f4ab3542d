"""The analysts' page: files that are the same for everyone and hold nothing about anyone."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUILT = Path(__file__).parent / "web" / "dist"
FOR_EVER = "public, max-age=31536000, immutable"

_MISSING = """<!doctype html><html lang="en"><title>hearthwatch</title>
<h1>The page has not been built</h1>
<p>Run <code>make web</code> in the project's folder, then load this page again.</p></html>"""


class _Assets(StaticFiles):
    """Files with a digest in their names: what is under such a name never changes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = FOR_EVER
        return response


def install(app: FastAPI, built: Path = BUILT) -> None:
    """Serve the page at ``/`` and its parts below ``/assets``."""

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def _() -> Response:
        index = built / "index.html"
        if not index.is_file():
            return HTMLResponse(_MISSING, status_code=503)
        return FileResponse(index, media_type="text/html")

    app.mount("/assets", _Assets(directory=built / "assets", check_dir=False), name="assets")

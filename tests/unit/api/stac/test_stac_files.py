"""Files in parts: what a range gives is that part of the file, and no time is told."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI, Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import problems
from api.stac.files import file_answer
from tests.support.inside import Inside
from tiles.archive import MasterRef
from tiles.errors import IntegrityError

DATA = bytes(range(251)) * 700
SHA256 = "ab" * 32
PROPERTY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def master(size: int = len(DATA)) -> MasterRef:
    return MasterRef("s/c/a/0123456789abcdef", "a.tif", SHA256, "", size, "")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("files")
    (root / "a.tif").write_bytes(DATA)
    app = FastAPI()
    problems.install(app)

    @app.get("/a.tif")
    def _(request: Request) -> Any:
        return file_answer(request, SimpleNamespace(root=root), master())  # type: ignore[arg-type]

    asking = Inside(app)
    yield asking
    asking.close()


@given(first=st.integers(0, len(DATA) - 1), length=st.integers(1, 2 * len(DATA)))
@PROPERTY
def test_a_part_is_that_part(client: Inside, first: int, length: int) -> None:
    last = first + length - 1
    found = client.get("/a.tif", headers={"Range": f"bytes={first}-{last}"})
    assert found.status_code == 206
    assert found.content == DATA[first : last + 1]
    end = min(last, len(DATA) - 1)
    assert found.headers["content-range"] == f"bytes {first}-{end}/{len(DATA)}"
    assert found.headers["content-length"] == str(len(found.content))


@pytest.mark.parametrize(("asked", "expected"), [("-10", DATA[-10:]), ("175000-", DATA[175000:])])
def test_an_end_left_open_is_the_files(client: Inside, asked: str, expected: bytes) -> None:
    found = client.get("/a.tif", headers={"Range": f"bytes={asked}"})
    assert (found.status_code, found.content) == (206, expected)


@pytest.mark.parametrize(
    "fields",
    [{}, {"Range": "bytes=9-3"}, {"Range": "lines=1-2"}, {"Range": "bytes=-"}, {"Range": "bytes"},
     {"Range": "bytes=1-2,5-6"}, {"Range": "bytes=1-2", "If-Range": f'"{SHA256}"'},
     {"Range": "bytes=1-2", "If-Range": "Wed, 01 May 2024 00:00:00 GMT"}],
)  # fmt: skip
def test_what_is_no_single_part_is_the_whole(client: Inside, fields: dict[str, str]) -> None:
    found = client.get("/a.tif", headers=fields)
    assert (found.status_code, found.content) == (200, DATA)
    assert not {"etag", "last-modified"} & set(found.headers)
    assert found.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("asked", [f"{len(DATA)}-", "999999999-", "-0"])
def test_a_part_beyond_the_end_is_refused_with_the_length(client: Inside, asked: str) -> None:
    found = client.get("/a.tif", headers={"Range": f"bytes={asked}"})
    assert found.status_code == 416
    assert found.headers["content-range"] == f"bytes */{len(DATA)}"
    assert found.headers["content-type"] == problems.MEDIA_TYPE


@pytest.mark.parametrize("size", [len(DATA) - 1, len(DATA) + 1])
def test_a_file_that_is_not_as_it_was_is_not_given(tmp_path: Path, size: int) -> None:
    archive: Any = SimpleNamespace(root=tmp_path)
    request = Request({"type": "http", "headers": []})
    with pytest.raises(IntegrityError):
        file_answer(request, archive, master(size))
    (tmp_path / "a.tif").write_bytes(DATA)
    with pytest.raises(IntegrityError):
        file_answer(request, archive, master(size))

"""Signed addresses: one token for an hour, and none of it anywhere it can be seen."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from imagery.errors import IntegrityError
from imagery.net.types import Deadline
from imagery.stacapi.signing import EARLY, Signer
from tests.support.fake_stac import made

FILE = "https://blob.example.org/a/B04.tif"


class Service:
    def __init__(self, ends: datetime, answer: str | None = None) -> None:
        self.ends, self.answer, self.asked = ends, answer, []

    def send(self, request, deadline, check=None):
        self.asked.append(request.url)
        text = {"msft:expiry": self.ends.isoformat(), "token": f"sig=s3cret{len(self.asked)}"}
        reply = made(self.answer or json.dumps(text))
        check(reply)
        return reply


def sign(signer: Signer, service: Service, collection: str = "sentinel-2-l2a", anew: bool = False):
    return signer.request(service, FILE, collection, Deadline.after(9), anew)


def test_one_token_serves_a_collection_until_it_nears_its_end():
    now = datetime.now(UTC)
    signer, service = Signer("https://sas.example.org/token"), Service(now + timedelta(hours=1))
    urls = [sign(signer, service).url for _ in range(5)]
    assert set(urls) == {f"{FILE}?sig=s3cret1"}
    assert service.asked == ["https://sas.example.org/token/sentinel-2-l2a"]
    sign(signer, service, "sentinel-1-rtc")
    assert len(service.asked) == 2
    service.ends = now + EARLY / 2
    assert sign(signer, service, anew=True).url.endswith("s3cret3")
    assert sign(signer, service).url.endswith("s3cret4")


def test_a_signed_request_is_private_and_the_signer_shows_nothing():
    service = Service(datetime.now(UTC) + timedelta(hours=1))
    signer = Signer("https://sas.example.org/token")
    assert sign(signer, service).private_url
    assert "s3cret" not in repr(signer)


@pytest.mark.parametrize(
    "answer",
    [
        "<html>",
        "[]",
        '{"token": "s3cret"}',
        '{"token": "s3 cret", "msft:expiry": "2999-01-01T00:00:00Z"}',
    ],
)
def test_what_is_no_token_is_refused_and_not_repeated(answer):
    with pytest.raises(IntegrityError, match="sent no token") as caught:
        sign(Signer("https://sas.example.org/token"), Service(datetime.now(UTC), answer))
    assert "cret" not in str(caught.value) and caught.value.__cause__ is None

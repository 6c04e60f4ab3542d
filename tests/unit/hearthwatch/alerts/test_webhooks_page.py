"""The programs on the page about webhooks do what the page says of them."""

from __future__ import annotations

import json
import re
import threading
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from hearthwatch.alerts.allowed import Allowed
from hearthwatch.alerts.channel import DeliveryFailed, Parcel
from hearthwatch.alerts.pinned import MOST_SENT, Pinned
from hearthwatch.alerts.signed import signature_headers
from hearthwatch.alerts.webhook import Webhook, data_schema
from hearthwatch.records import MessageForm
from tests.support.letters import facts, letter, service_letter

PAGE = Path(__file__).resolve().parents[4] / "docs" / "webhooks.md"
OLD, NEW = "whsec_b2xkIHNlY3JldCBvbGQgc2VjcmV0", "whsec_bmV3IHNlY3JldCBuZXcgc2VjcmV0"
BODY = b'{"a": 1}'


@pytest.fixture(scope="module")
def page():
    text, names = PAGE.read_text(encoding="utf-8"), {}
    for program in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(program, names)
    return names


def signed(secrets, when=None):
    return signature_headers("msg_1", when or datetime.now(UTC), BODY, secrets)


def test_the_page_verifies_with_either_secret_and_nothing_else(page):
    verified, both = page["verified"], signed([NEW, OLD])
    assert verified(both, BODY, [NEW]) and verified(both, BODY, [OLD])
    assert verified(signed([NEW]), BODY, [OLD, NEW])
    assert not verified(signed([NEW]), BODY, [OLD])
    assert not verified(both, BODY + b" ", [NEW])
    assert not verified(both | {"webhook-id": "msg_2"}, BODY, [NEW])
    earlier = str(int(both["webhook-timestamp"]) - 1)
    assert not verified(both | {"webhook-timestamp": earlier}, BODY, [NEW])
    assert not verified({}, BODY, [NEW])
    for minutes in (-6, 6):
        other = signed([NEW], datetime.now(UTC) + timedelta(minutes=minutes))
        assert not verified(other, BODY, [NEW])


def test_the_receiver_of_the_page_keeps_each_message_once_and_the_newest_of_each_event(
    page, tmp_path
):
    path = str(tmp_path / "inbox.sqlite")
    server = page["receiver"](path, [NEW], port=0)
    page["open_inbox"](path).close()
    with serving(server):
        post = poster(server.server_port)
        assert post("msg_1", facts("e-1", sequence=1)) == 204
        assert post("msg_1", facts("e-1", sequence=1)) == 204
        assert post("msg_3", facts("e-1", sequence=3, act="cancel"), facts("e-2")) == 204
        assert post("msg_2", facts("e-1", sequence=2, act="update")) == 204
        with pytest.raises(DeliveryFailed, match="401"):
            post("msg_4", facts("e-3"), secrets=[OLD])
    inbox = page["open_inbox"](path)
    assert [one for (one,) in inbox.execute("select id from message order by rowid")] == [
        "msg_1", "msg_3", "msg_2",
    ]  # fmt: skip
    events = {one: json.loads(told) for one, told in inbox.execute("select id, told from event")}
    inbox.close()
    assert {one: told["sequence"] for one, told in events.items()} == {"e-1": 3, "e-2": 1}
    assert events["e-1"]["act"] == "cancel"


def serving(server: ThreadingHTTPServer):
    class Serving:
        def __enter__(self):
            self.thread = threading.Thread(target=server.serve_forever, daemon=True)
            self.thread.start()

        def __exit__(self, *_):
            server.shutdown()
            self.thread.join(5.0)
            server.server_close()

    return Serving()


def poster(port):
    channel = Webhook(Pinned(Allowed.of(["127.0.0.1"])))

    def post(message, *told, secrets=(NEW, OLD)):
        content = channel.render(letter(*told, id=message))
        where = f"http://127.0.0.1:{port}/in"
        return channel.deliver(Parcel(message, where, secrets, content, datetime.now(UTC))).status

    return post


def test_the_page_names_every_type_the_schema_and_the_limits():
    text = PAGE.read_text(encoding="utf-8")
    channel = Webhook(Pinned(Allowed()))
    letters = [
        *(letter(facts(act=act)) for act in ("alert", "update", "cancel")),
        *(letter(facts("a"), facts("b"), form=form) for form in MessageForm if form in SEVERAL),
        *(service_letter(form) for form in MessageForm if form not in {*SEVERAL, "single"}),
    ]
    sent = {json.loads(channel.render(one)["body"])["type"] for one in letters}
    assert set(re.findall(r"^\| `(org\.hearthwatch\.[a-z.]+)` \|", text, re.MULTILINE)) == sent
    assert data_schema()["$id"] in text
    assert f"{MOST_SENT // 1024} kB" in text


SEVERAL = (MessageForm.DIGEST, MessageForm.LIST, MessageForm.LATE)

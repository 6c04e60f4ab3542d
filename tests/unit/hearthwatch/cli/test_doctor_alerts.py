"""What the doctor says of sending."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as keys
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from hearthwatch.alerts.sending import LEASE
from hearthwatch.cli.call import Call
from hearthwatch.cli.checks import Check, Outcome
from hearthwatch.cli.doctor_alerts import alarms, alerts, cap_signature
from hearthwatch.records import Lease
from hearthwatch.settings import load_settings
from hearthwatch.watchdogs.watching import LEASE as WATCHDOGS
from tests.contract import store_records as a


def put(call: Call, *, verb: str, record: Any) -> None:
    with call.store(write=True) as store, store.transaction() as tx:
        getattr(tx, verb)(record)


def test_it_says_who_waits_and_whether_anything_sends(tmp_path: Path) -> None:
    call = Call(Namespace(), load_settings(data_dir=tmp_path, organisation="ours"))
    assert alerts(call).outcome is Outcome.OK
    put(call, verb="put_receiver", record=a.receiver())
    found = alerts(call)
    assert (found.outcome, "nothing sends" in found.found) == (Outcome.WARN, True)
    now = datetime.now(UTC)
    lease = Lease(LEASE, "", "sender-1", now, now + timedelta(minutes=1), 0)
    put(call, verb="take_lease", record=lease)
    found = alerts(call)
    assert (found.outcome, found.found) == (Outcome.OK, "1 receiver, 0 messages waiting")
    put(call, verb="put_message", record=a.message(made=now - timedelta(hours=1), next=now))
    found = alerts(call)
    assert (found.outcome, "the oldest since" in found.found) == (Outcome.WARN, True)


def certified(folder: Path, days: int) -> dict[str, Path]:
    """Write a key and a certificate that ends after so many days."""
    now = datetime.now(UTC)
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "watch.example")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(7).not_valid_before(now - timedelta(days=99))
        .not_valid_after(now + timedelta(days=days)).sign(key, hashes.SHA256())
    )  # fmt: skip
    files = {"cap_key": folder / "key.pem", "cap_certificate": folder / "own.pem"}
    files["cap_key"].write_bytes(
        key.private_bytes(keys.Encoding.PEM, keys.PrivateFormat.PKCS8, keys.NoEncryption())
    )
    files["cap_key"].chmod(0o600)
    files["cap_certificate"].write_bytes(made.public_bytes(keys.Encoding.PEM))
    return files


def test_it_says_whether_cap_can_be_signed_and_how_long_still(tmp_path: Path) -> None:
    def said(**settings: Any) -> Check:
        return cap_signature(Call(Namespace(), load_settings(data_dir=tmp_path, **settings)))

    assert said() == Check(Outcome.OK, "documents are not signed")
    for days, outcome in ((90, Outcome.OK), (10, Outcome.WARN), (-1, Outcome.FAIL)):
        files = certified(tmp_path, days)
        assert said(**files).outcome is outcome
    broken = said(cap_key=files["cap_key"])
    assert (broken.outcome, "both" in broken.found) == (Outcome.FAIL, True)


def test_it_says_what_is_wrong_and_whether_anything_looks_for_that(tmp_path: Path) -> None:
    call = Call(Namespace(), load_settings(data_dir=tmp_path, organisation="ours"))
    assert alarms(call).outcome is Outcome.OK
    put(call, verb="put_region", record=a.region())
    found = alarms(call)
    assert (found.outcome, found.found) == (Outcome.WARN, "nothing looks for what is wrong")
    now = datetime.now(UTC)
    lease = Lease(WATCHDOGS, "", "dogs", now, now + timedelta(minutes=3), 0)
    put(call, verb="take_lease", record=lease)
    assert (alarms(call).outcome, alarms(call).found) == (Outcome.OK, "no alarm is open")
    put(call, verb="put_alarm", record=a.alarm())
    put(call, verb="put_alarm", record=a.alarm(id="alm-2", organisation="theirs"))
    found = alarms(call)
    assert (found.outcome, found.found) == (
        Outcome.WARN, "1 alarm open: no_data since 2024-04-17"
    )  # fmt: skip

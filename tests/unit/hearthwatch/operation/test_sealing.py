"""Only the secret half opens; what was changed, cut or moved does not."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.errors import BackupError
from hearthwatch.operation import keyfile
from hearthwatch.operation.sealing import OVERHEAD, Opener, Sealer, checked_recipient, recipient_of

MINE, OTHER = X25519PrivateKey.from_private_bytes(b"m" * 32), X25519PrivateKey.generate()
PASSPHRASE = "six words nobody would think of"


@pytest.fixture
def cheap(monkeypatch):
    monkeypatch.setattr(keyfile, "COST", {"n": 16, "r": 8, "p": 1})


@given(st.binary(max_size=5000), st.text(max_size=20))
def test_what_is_sealed_opens_for_its_key_and_name_only(content, name):
    piece = Sealer(recipient_of(MINE)).seal(content, name)
    assert len(piece) == len(content) + OVERHEAD
    assert Opener(MINE).open(piece, name) == content
    for opener, called in ((Opener(OTHER), name), (Opener(MINE), f"{name}.")):
        with pytest.raises(BackupError, match="does not open"):
            opener.open(piece, called)


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_bit_turned_or_an_end_cut_is_found(content, data):
    piece = Sealer(recipient_of(MINE)).seal(content, "one")
    at = data.draw(st.integers(0, len(piece) * 8 - 1))
    turned = bytearray(piece)
    turned[at // 8] ^= 1 << at % 8
    for broken in (bytes(turned), piece[: data.draw(st.integers(0, len(piece) - 1))], piece + b"x"):
        with pytest.raises(BackupError):
            Opener(MINE).open(broken, "one")


def test_equal_contents_are_sealed_apart():
    sealer = Sealer(recipient_of(MINE))
    assert sealer.seal(b"content", "one") != sealer.seal(b"content", "one")
    assert b"content" not in sealer.seal(b"content", "one")


@given(st.integers(8, 65), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_public_key_with_a_wrong_letter_is_refused(at, letter):
    right = recipient_of(MINE)
    wrong = right[:at] + letter + right[at + 1 :]
    if wrong == right:
        assert checked_recipient(wrong) == MINE.public_key().public_bytes_raw()
    else:
        with pytest.raises(BackupError, match="letter"):
            Sealer(wrong)


def test_a_key_file_opens_with_its_passphrase_only(tmp_path, cheap):
    path = tmp_path / "keys" / "recovery.key"
    public = keyfile.make_key(path, PASSPHRASE)
    assert keyfile.open_key(path, PASSPHRASE).recipient == public
    assert path.stat().st_mode & 0o777 == 0o600
    assert PASSPHRASE not in path.read_text()
    with pytest.raises(BackupError, match="passphrase"):
        keyfile.open_key(path, f"{PASSPHRASE}!")
    with pytest.raises(BackupError, match="never written over"):
        keyfile.make_key(path, PASSPHRASE)
    with pytest.raises(BackupError, match="fewer than 16"):
        keyfile.make_key(tmp_path / "other", "short")


@pytest.mark.parametrize("change", [
    {"form": "another"}, {"n": 2**40}, {"n": 0}, {"salt": "!"}, {"sealed": 7}, {"r": "x"},
])  # fmt: skip
def test_a_broken_key_file_is_told_and_costs_nothing(tmp_path, cheap, change):
    path = tmp_path / "recovery.key"
    keyfile.make_key(path, PASSPHRASE)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(BackupError, match="no key file"):
        keyfile.open_key(path, PASSPHRASE)


def test_the_public_half_in_a_key_file_cannot_be_swapped(tmp_path, cheap):
    path = tmp_path / "recovery.key"
    keyfile.make_key(path, PASSPHRASE)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"public": recipient_of(OTHER)}))
    with pytest.raises(BackupError, match="does not open"):
        keyfile.open_key(path, PASSPHRASE)

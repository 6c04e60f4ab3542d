"""The account's secret: where it may lie, and where it never shows."""

import copy
import json
import pickle
import traceback

import pytest

from imagery.errors import Permanent
from imagery.net.credentials import Credentials

SECRET = "hunter2-the-secret-of-the-client"


def file(tmp_path, text, name="account.json", mode=0o600):
    path = tmp_path / name
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", f'{{"client_id": "me", "client_secret": "{SECRET}\\n", "more": 1}}'),
        ("a.toml", f'client_id = "me"\nclient_secret = "{SECRET}"\n'),
    ],
)
def test_json_and_toml_are_read(tmp_path, name, text):
    found = Credentials.read(file(tmp_path, text, name))
    assert (found.name, found.secret, found.is_person) == ("me", SECRET, False)


def test_a_persons_file_is_read_and_is_not_a_clients(tmp_path):
    text = f'{{"username": "me@example.org", "password": "{SECRET}"}}'
    found = Credentials.read(file(tmp_path, text))
    assert (found.name, found.secret, found.is_person) == ("me@example.org", SECRET, True)
    assert "me@example" not in repr(found)
    assert found.mark() != Credentials("me@example.org", SECRET).mark()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o777])
def test_a_file_that_others_can_read_is_refused_with_what_to_do(tmp_path, mode):
    path = file(tmp_path, "{}", mode=mode)
    with pytest.raises(Permanent, match=f"chmod 600 {path}"):
        Credentials.read(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f'{{"client_id": "me", "client_secret": "{SECRET}"', "not a JSON object"),
        (f'["{SECRET}"]', "not a JSON object"),
        (f'{{"client_secret": "{SECRET}"}}', "does not hold a client_id"),
        (f'{{"client_id": "{SECRET}", "client_secret": " "}}', "does not hold a client_secret"),
        (f'{{"client_id": "{SECRET}", "client_secret": 5}}', "does not hold a client_secret"),
        (f'{{"password": "{SECRET}"}}', "does not hold a username"),
        (f'{{"username": "{SECRET}"}}', "does not hold a password"),
        (f'{{"username": "{SECRET}", "password": "p", "client_id": "c"}}', "make two files"),
        ("\udcff", "not a JSON object"),
    ],
)
def test_a_file_that_is_no_good_is_refused_without_a_word_of_what_is_in_it(tmp_path, text, why):
    path = tmp_path / "account.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    path.chmod(0o600)
    with pytest.raises(Permanent, match=why) as caught:
        Credentials.read(path)
    error = caught.value
    assert SECRET not in "".join(traceback.format_exception(error))
    assert error.__context__ is None


def test_a_file_that_is_not_there_is_permanent(tmp_path):
    with pytest.raises(Permanent, match="No such file"):
        Credentials.read(tmp_path / "none.json")


def test_credentials_are_neither_shown_nor_pickled_nor_copied():
    credentials = Credentials("me", SECRET)
    assert SECRET not in f"{credentials!r} {credentials}"
    assert "me" not in repr(credentials).replace("None", "")
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="hold a secret") as caught:
            take(credentials)
        assert SECRET not in str(caught.value)


def test_a_mark_tells_credentials_apart_and_holds_nothing_of_them():
    marks = {Credentials(*each).mark() for each in (("a", "b"), ("a", "c"), ("b", "b"))}
    assert len(marks) == 3
    assert Credentials("a", "b").mark() in marks
    assert json.dumps(list(marks)).count(SECRET) == 0

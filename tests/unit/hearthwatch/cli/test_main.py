"""What every command has in common: shapes of answers and errors, and exit statuses."""

import errno
import json
import logging

import pytest

from hearthwatch.cli import main as entry
from hearthwatch.cli.report import Answer
from hearthwatch.errors import IdentityError, NotFound

BOX = ("--bbox", "22,45,22.1,45.1")


@pytest.fixture
def raising(monkeypatch):
    """Return `f(error)`, after which every command raises `error`."""

    def prepare(error):
        def call(args):
            raise error

        monkeypatch.setattr(entry, "_call", call)

    return prepare


def test_an_error_is_one_line_without_a_traceback(call, raising):
    raising(NotFound("There is no oak. Plant one."))
    assert call("ledger") == (17, "", "hearthwatch: There is no oak. Plant one.\n")


def test_an_error_is_a_document_with_json(failure, raising):
    raising(NotFound("There is no oak."))
    assert failure("ledger") == (17, "not_found", "There is no oak.")


def test_a_defect_is_one_line_that_says_how_to_see_more(call, raising):
    raising(KeyError("leaf"))
    status, out, err = call("ledger")
    assert (status, out) == (70, "")
    assert err.count("\n") == 1
    assert "unexpected KeyError: 'leaf'" in err
    assert "--log-level debug" in err


def test_a_defect_shows_its_traceback_when_asked(call, raising):
    raising(KeyError("leaf"))
    _, _, err = call("ledger", "--log-level", "debug")
    assert "Traceback (most recent call last)" in err


def test_an_interrupted_command_says_that_nothing_is_lost(call, raising):
    raising(KeyboardInterrupt())
    status, out, err = call("run")
    assert (status, out) == (130, "")
    assert "Nothing that was committed is lost" in err


def test_a_full_disk_anywhere_below_is_said_as_such(failure, raising):
    raising(OSError(errno.ENOSPC, "No space left on device", "somewhere/file"))
    status, code, message = failure("run")
    assert (status, code) == (16, "disk_full")
    assert "somewhere/file" in message
    assert "nothing that was committed is lost" in message


def test_a_forbidden_folder_is_named(failure, raising):
    raising(PermissionError(errno.EACCES, "Permission denied", "somewhere"))
    assert failure("run") == (
        1, "error", "somewhere: Permission denied. Check the path and permissions.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [["nothing"], ["region"], ["region", "add", "Oak"], ["run", "--until", "soon"], ["--odd"]],
)
def test_wrong_usage_ends_with_two_and_points_to_help(failure, words):
    status, code, message = failure(*words)
    assert (status, code) == (2, "usage")
    assert "--help`" in message


def test_without_a_command_the_help_is_shown(call, capsys):
    with pytest.raises(SystemExit) as ended:
        entry.main([])
    assert ended.value.code == 0
    assert "usage: hearthwatch" in capsys.readouterr().out


def test_an_answer_is_one_document_on_stdout(call, monkeypatch):
    monkeypatch.setattr(entry, "_call", lambda args: Answer({"a": "é"}, "text", 3))
    assert call("ledger", "--json") == (3, '{"a": "é"}\n', "")
    assert call("ledger") == (3, "text\n", "")


def test_a_broken_installation_stops_every_command_but_help_version_and_doctor(
    call, failure, monkeypatch
):
    def broken():
        raise IdentityError("tiles comes from elsewhere.")

    monkeypatch.setattr("hearthwatch.cli.call.check_identity", broken)
    monkeypatch.setattr("hearthwatch.cli.doctor_system.check_identity", broken)
    assert failure("region", "list") == (10, "identity", "tiles comes from elsewhere.")
    assert call("version")[0] == 0
    status, out, _ = call("doctor", "--json")
    assert status == 1
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    assert checks["code"]["found"] == "tiles comes from elsewhere."
    assert checks["clock"]["outcome"] == "ok"


def test_an_unknown_setting_is_named_with_the_closest(failure, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_WORKER", "2")
    status, code, message = failure("region", "list")
    assert (status, code) == (11, "settings")
    assert "HEARTHWATCH_WORKERS" in message


def test_an_unknown_region_is_told_with_those_there_are(call, failure):
    assert call("region", "add", "Oak", *BOX)[0] == 0
    status, code, message = failure("ledger", "Ash")
    assert (status, code) == (17, "not_found")
    assert message == "There is no region Ash on the watchlist. Watched are: Oak."


def test_version_needs_no_settings(document, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_WORKER", "2")
    status, found = document("version")
    assert status == 0
    assert found.keys() == {"version", "digest", "python"}
    assert len(found["digest"]) == 64
    assert document("--version") == (0, found)


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers

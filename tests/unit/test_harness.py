"""The promises of the test suite itself: a closed network, and no silent skips in CI."""

import socket
import sys

import pytest

OUTSIDE = ("192.0.2.1", 80)  # a documentation address: nobody answers there


def test_a_connection_to_another_machine_is_refused(_outside_attempts):
    with socket.socket() as sock, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        sock.connect(OUTSIDE)
    with socket.socket() as sock, pytest.raises(AssertionError, match=r"example\.org"):
        sock.connect_ex(("example.org", 80))
    with (
        socket.socket(type=socket.SOCK_DGRAM) as sock,
        pytest.raises(AssertionError, match=r"192\.0\.2\.1"),
    ):
        sock.sendto(b"x", OUTSIDE)
    assert len(_outside_attempts) == 3
    _outside_attempts.clear()


def test_loopback_and_unix_sockets_stay_open(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("here")
        server.listen()
        client.connect("here")


def test_a_missing_program_skips_with_the_line_that_installs_it(require_system, monkeypatch):
    monkeypatch.delenv("HEARTHWATCH_CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install -y some-package"):
        require_system("some-package", "no-such-command")


def test_a_missing_program_fails_in_ci(require_system, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_CI", "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install -y some-package"):
        require_system("some-package", "no-such-command")


def test_a_present_program_is_found(require_system):
    assert require_system("python3", sys.executable) == sys.executable

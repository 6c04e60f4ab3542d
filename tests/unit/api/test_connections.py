"""No more connections at once than the server has files for."""

import gc
import socket
import sys
import threading

import pytest
from fastapi import FastAPI

from api import server
from tests.support.waiting import PATIENCE_S

MOST = 5


@pytest.fixture
def port(monkeypatch):
    monkeypatch.setattr(server, "MOST_CONNECTIONS", MOST)
    begun, listening = threading.Event(), server.bind("127.0.0.1", 0)
    running = server.made(FastAPI(), begun.set)
    thread = threading.Thread(target=lambda: running.run(sockets=[listening]))
    thread.start()
    assert begun.wait(PATIENCE_S)
    yield listening.getsockname()[1]
    running.should_exit = True
    thread.join()
    listening.close()


def answers(connection):
    try:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        return connection.recv(12) == b"HTTP/1.1 404"
    except ConnectionError:
        return False


def served(port):
    # One that is dropped at once may be reset even before connecting to it has returned.
    try:
        with socket.create_connection(("127.0.0.1", port), 20) as more:
            return answers(more)
    except ConnectionError:
        return False


def test_one_too_many_is_dropped_and_the_others_are_served(port):
    held = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(MOST)]
    assert all(answers(one) for one in held)
    assert not served(port)
    held.pop().close()
    for _ in range(100):
        if served(port):
            break
    else:
        pytest.fail("a place that became free was not given on")
    for one in held:
        one.close()


def test_what_is_made_at_the_start_is_not_looked_through_again(monkeypatch) -> None:
    frozen: list[int] = []

    class Made:
        def run(self, sockets: object) -> None:
            frozen.append(gc.get_freeze_count())

    monkeypatch.setattr(server, "made", lambda *_: Made())
    before = sys.getswitchinterval()
    try:
        server.run(FastAPI(), None, lambda: None)
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before)
    assert frozen[0] > 10_000

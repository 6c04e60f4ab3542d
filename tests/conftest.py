"""What all tests share: data and programs they may need, and a closed network."""

import fcntl
import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The same examples each time: a build must not turn red by the luck of the draw.
# HYPOTHESIS_PROFILE=ci, for .ci/run, draws some more; fuzz draws new ones, and many.
# A machine with other work to do must not fail a test that is right.
settings.register_profile("fast", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("fuzz", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

TESTS = Path(__file__).resolve().parent
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

RequireSystem = Callable[[str, str], str]


LONGEST_FIRST = ("faults", "acceptance", "science", "contract", "unit")
"""Files go whole to a process that is free: begun last, a long one keeps it waiting alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)
    if SHARED_DATA.is_dir():
        return
    absent = pytest.mark.skip(reason="the real scenes of ../shared/data are not here")
    for item in items:
        if item.get_closest_marker("shared_data"):
            item.add_marker(absent)


def _rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real scenes; a test that uses it bears the mark shared_data."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real scenes of ../shared/data are not here")
    return SHARED_DATA


@pytest.fixture(scope="session")
def require_system() -> RequireSystem:
    """Return `f(package, command)`, which gives the path of a system command.

    Where the command is missing the test skips and says how to install it;
    where HEARTHWATCH_CI=1 it fails, so that no test is lost without a word.
    """

    def require(package: str, command: str) -> str:
        found = shutil.which(command)
        if found is not None:
            return found
        reason = f"no {command} here; install it with: apt-get install -y {package}"
        if os.environ.get("HEARTHWATCH_CI") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)

    return require


class NetworkUsed(AssertionError):
    """A test tried to reach another machine."""


@pytest.fixture(scope="session", autouse=True)
def _outside_attempts() -> Iterator[list[str]]:
    """Close the network for Python's sockets; hold what was tried all the same.

    Loopback and Unix sockets stay open. Connecting a datagram socket sends
    nothing (Dask does it to learn this machine's address), so only its sending
    is refused.
    """
    attempts: list[str] = []
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}

    def guarded(name: str) -> Callable[..., Any]:
        def call(self: socket.socket, *args: Any) -> Any:
            silent = name != "sendto" and self.type == socket.SOCK_DGRAM
            if not silent and _is_outside(self, args[-1]):
                attempts.append(str(args[-1]))
                raise NetworkUsed(f"a test tried to reach {args[-1]}")
            return real[name](self, *args)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in real:
            patch.setattr(socket.socket, name, guarded(name))
        yield attempts


@pytest.fixture(autouse=True)
def no_network(_outside_attempts: list[str]) -> Iterator[None]:
    """Fail a test that tried to reach another machine, even if it hid the error."""
    _outside_attempts.clear()
    yield
    tried = list(_outside_attempts)
    _outside_attempts.clear()
    if tried:
        pytest.fail(f"the test tried to reach {', '.join(tried)}", pytrace=False)


def _is_outside(sock: socket.socket, address: object) -> bool:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return False
    host = str(address[0])
    if host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return True


@pytest.fixture(scope="session", autouse=True)
def _what_takes_long_is_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run migrations once for each test process, make worlds once for all, wait for no disk.

    What a test writes need not survive a power cut, and a kill it survives as it is.
    """
    from tests.support import built, new_database

    built.share(tmp_path_factory)
    with new_database.copied(), pytest.MonkeyPatch.context() as patch:
        # Of what is no open file it still complains.
        patch.setattr(os, "fsync", lambda descriptor: os.fstat(descriptor) and None)
        yield


@pytest.fixture(scope="session")
def sample_catalogue() -> Path:
    """Catalogue of the real sample, fetched once into var/sample and kept there."""
    from imagery.sample import SampleError, fetch_sample

    folder = Path(__file__).resolve().parents[1] / "var"
    folder.mkdir(exist_ok=True)
    with (folder / ".sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            fetch_sample(folder / "sample")
        except SampleError as error:
            if os.environ.get("HEARTHWATCH_CI") == "1":
                pytest.fail(str(error), pytrace=False)
            pytest.skip(f"the sample cannot be fetched: {error}")
    return folder / "sample"

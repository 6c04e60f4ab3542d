"""A PostgreSQL server with PostGIS of the tests' own, and empty databases in it.

One server for each test process, on a Unix socket in a folder of its own. It refuses to run as
root, so root lends it an account that may do nothing else. What is written need not survive a
power cut: it waits for no disk.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg
import pytest

from hearthwatch.store import Store, open_store, tables

INSTALL = "apt-get install -y postgresql-15-postgis-3"
USER = "hearthwatch"
_FAST = ("fsync=off", "full_page_writes=off", "autovacuum=off")
_PREFIX = "hw-pg-"
_ACCOUNTS = ("postgres", "nobody")


@dataclass
class Server:
    """A running server.

    Attributes
    ----------
    folder : Path
        Of its data and its socket.
    """

    folder: Path
    programs: Path
    _made: list[str] = field(default_factory=list)
    _count: int = 0
    _has_ours: bool = False

    def address(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def start(self) -> None:
        settings = (*_FAST, "listen_addresses=", f"unix_socket_directories={self.folder}")
        options = " ".join(f"-c {setting}" for setting in settings)
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-s", "-o", options,
                  "-l", str(self.folder / "log"), "start")  # fmt: skip

    def stop(self, how: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-s", "-m", how, "stop")

    def make(self, template: str = "template1") -> str:
        """Make a database, with our tables if the template is "ours"; return its address."""
        if template == "ours" and not self._has_ours:
            self.say("CREATE DATABASE ours")
            open_store(self.address("ours"), write=True).close()
            self._has_ours = True
        self._count += 1
        name = f"test_{self._count}"
        self.say(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return self.address(name)

    def empty(self) -> str:
        """Return the address of a database with our tables and nothing in them."""
        for name in self._made:
            if not self._connections(name):
                wipe(self.address(name))
                return self.address(name)
        address = self.make("ours")
        self._made.append(f"test_{self._count}")
        return address

    def say(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute(statement)

    def make_cluster(self) -> None:
        self._run("initdb", "-D", str(self.folder / "data"), "-U", USER, "-A", "trust", "-E",
                  "UTF8", "--locale=C.UTF-8", "--no-sync")  # fmt: skip

    def _connections(self, database: str) -> int:
        with psycopg.connect(self.address("postgres")) as connection:
            asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
            return int(connection.execute(asked, [database]).fetchall()[0][0])

    def _run(self, program: str, *words: str) -> None:
        command = [str(self.programs / program), *words]
        if os.geteuid() == 0:
            who = pwd.getpwnam(_account())
            command = [
                "setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups",
                *command,
            ]  # fmt: skip
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)


def wipe(address: str) -> None:
    """Take every row out of a database with our tables; numbers begin again."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(_WIPE)


_WIPE = f"""
DO $$ DECLARE name text; full_ boolean; BEGIN
SET CONSTRAINTS ALL DEFERRED;
SET LOCAL session_replication_role = replica;
FOREACH name IN ARRAY ARRAY{[*tables.metadata.tables]} LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO full_;
    IF full_ THEN EXECUTE format('DELETE FROM %I', name); END IF;
END LOOP;
PERFORM setval(seqrelid::regclass, 1, false) FROM pg_sequence;
END $$
"""


def empty_store(_: Path) -> Store:
    """Open a store in an empty database."""
    return open_store(server().empty(), write=True)


@cache
def server() -> Server:
    """Return the server, started when first asked for; skip where there is none."""
    programs = _programs()
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir="/tmp"))
    (folder / "owner").write_text(str(os.getpid()))
    if os.geteuid() == 0:
        shutil.chown(folder, _account())
    made = Server(folder, programs)
    made.make_cluster()
    made.start()
    atexit.register(_end, made, os.getpid())
    return made


def _sweep() -> None:
    """End the servers of test processes that were killed before they could do it."""
    for folder in Path("/tmp").glob(f"{_PREFIX}*"):
        try:
            owner = int((folder / "owner").read_text())
        except (OSError, ValueError):
            continue
        if not Path(f"/proc/{owner}").exists():
            _remove(folder)


def _programs() -> Path:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        share = Path(f"/usr/share/postgresql/{folder.parent.name}/extension/postgis.control")
        if (folder / "initdb").exists() and share.exists():
            return folder
    reason = f"no PostgreSQL with PostGIS here; install it with: {INSTALL}"
    if os.environ.get("HEARTHWATCH_CI") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _account() -> str:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _ACCOUNTS if name in known)


def _end(made: Server, owner: int) -> None:
    # A forked worker ends too, and must not take the server with it.
    if os.getpid() != owner:
        return
    _remove(made.folder)


def _remove(folder: Path) -> None:
    """End the server of a folder, and take the folder away."""
    try:
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
    except (OSError, ValueError):
        pid = 0
    for _ in range(100):
        if not pid or not Path(f"/proc/{pid}").exists():
            break
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)

"""Kills API processes and coordinators on one server, and counts what is lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from hearthwatch.pipeline.lead import NAME
from hearthwatch.records import RunOutcome
from hearthwatch.store import SqlStore, rules
from tests.contract import store_records as a

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("asks", "leads", "leads")


@dataclass
class Process:
    """A process under trial, and what it says it has committed."""

    part: str
    popen: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    thread: Thread | None = None

    def listen(self) -> None:
        assert self.popen.stdout is not None
        self.said += [line.rstrip("\n") for line in self.popen.stdout if line.endswith("\n")]


@dataclass
class Trials:
    """A server with one process that asks and two of which one leads.

    Attributes
    ----------
    kills : Counter
        How often which part was killed or frozen.
    turns : set of int
        Turns of the lease that were seen.
    """

    address: str
    seed: int
    running: list[Process] = field(default_factory=list)
    ended: list[Process] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    turns: set[int] = field(default_factory=set)
    _count: int = 0

    def begin(self) -> None:
        """Put the region there, and start a process for each part."""
        with closing(SqlStore.open(self.address, write=True, alone=False)) as store:
            a.with_region(store)
        for part in PARTS:
            self.start(part)

    def start(self, part: str) -> None:
        """Start a process and wait until it works."""
        self._count += 1
        name = f"{self.seed}-{self._count}"
        popen = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.coordinator", self.address, part, name],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert popen.stdout is not None
        assert popen.stdout.readline() == "open\n"
        made = Process(part, popen)
        made.thread = Thread(target=made.listen)
        made.thread.start()
        self.running.append(made)

    def kill(self, rng: random.Random) -> None:
        """Kill one process somewhere in its work, the one that leads every second time."""
        time.sleep(rng.uniform(0.05, 0.4))
        victim = self._leader() if rng.random() < 0.5 else None
        victim = victim or rng.choice(self.running)
        frozen = victim.part == "leads" and rng.random() < 0.2
        if frozen:
            # Longer than its lease: when it wakes, its commit comes in an earlier turn.
            victim.popen.send_signal(signal.SIGSTOP)
            time.sleep(1.2)
            victim.popen.send_signal(signal.SIGCONT)
            time.sleep(0.05)
        self.kills[f"{victim.part}{' frozen' if frozen else ''}"] += 1
        self._end(victim)
        self.start(victim.part)

    def finish(self, seconds: float = 60) -> None:
        """Stop asking, and let what was asked for be done; give up when it gets no further."""
        for process in [one for one in self.running if one.part == "asks"]:
            self._end(process)
        with closing(SqlStore.open(self.address)) as store:
            left, until = len(store.waiting_runs()), time.monotonic() + seconds
            while left and time.monotonic() < until:
                time.sleep(0.2)
                now_left = len(store.waiting_runs())
                if now_left < left:
                    left, until = now_left, time.monotonic() + seconds
        self.close()

    def close(self) -> None:
        """End every process."""
        for process in list(self.running):
            self._end(process)

    def losses(self) -> list[str]:
        """Return what is lost or doubled, in words; nothing if all is as it must be."""
        asked = [line for one in self.ended if one.part == "asks" for line in one.said]
        doubled = [line for one in self.ended if one.part == "leads" for line in one.said]
        with closing(SqlStore.open(self.address)) as store:
            runs = {run.id: run for run in store.runs("ours") if run.id != "run-1"}
            found = [f"lost run {its_id}" for its_id in asked if its_id not in runs]
            place = ("ours", "reg-1", "36N_0512_0143", "indices")
            jobs = store.jobs_done(*place)
            for its_id, run in runs.items():
                if run.outcome is not RunOutcome.COMPLETE or its_id not in jobs:
                    found.append(f"run {its_id} is {run.outcome}")
                elif len(store.event_history("ours", its_id)) != 1:
                    found.append(f"event {its_id} is not there once")
                elif len(store.detections("ours", its_id)) != 1:
                    found.append(f"detection {its_id} is not there once")
            found += [
                f"job {its_id} is done, and nobody asked for it" for its_id in jobs - set(runs)
            ]
            found += _chain(store, len(jobs))
        return found + doubled

    def count(self) -> int:
        """Return how many runs were done."""
        with closing(SqlStore.open(self.address)) as store:
            return len(store.runs("ours", outcome=RunOutcome.COMPLETE))

    def _leader(self) -> Process | None:
        with closing(SqlStore.open(self.address)) as store:
            lease = store.lease(NAME)
        if lease is None:
            return None
        self.turns.add(lease.turn)
        pid = int(lease.holder.split("@")[0])
        return next((one for one in self.running if one.popen.pid == pid), None)

    def _end(self, process: Process) -> None:
        os.kill(process.popen.pid, signal.SIGKILL)
        process.popen.wait()
        if process.thread is not None:
            process.thread.join()
        if process.popen.stdout is not None:
            process.popen.stdout.close()
        self.running.remove(process)
        self.ended.append(process)


def _chain(store: SqlStore, count: int) -> list[str]:
    """Return what is wrong with the log: one entry for each run, each sealed over the last."""
    entries = store.audit("ours", limit=count + 1)
    previous, found = rules.FIRST_PREVIOUS, []
    for entry in entries:
        if entry.previous != previous or rules.sealed(entry) != entry:
            found.append(f"entry {entry.sequence} of the log does not follow the one before")
        previous = entry.sha256
    subjects = {entry.subject for entry in entries}
    if not len(entries) == len(subjects) == count:
        found.append(f"the log has {len(entries)} entries of {len(subjects)} runs, not {count}")
    return found

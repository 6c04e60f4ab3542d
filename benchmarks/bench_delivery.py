"""Alerts that arrive: killed senders, storms, and how long a webhook takes after a commit.

``python -m benchmarks.bench_delivery [kills|storm|latency ...] [--store sqlite|postgres] [--save]``

* ``kills`` writes alerts and sends them to receivers on loopback that fail at random, while the
  process that writes and the two that send are killed with SIGKILL, ``--kills`` times over
  ``--alerts`` alerts; what came is compared with what should have come.
* ``storm`` finds ``--events`` events within five minutes, and counts the messages of them and what
  the feed of changes has.
* ``latency`` writes ``--told`` events, two a second, on a service that has nothing else to do, and
  takes the time from the commit to the webhook's arrival; before, what the sender takes of the
  processor while nothing happens.

With ``--save`` the tables are written to ``benchmarks/results/delivery.md``, beside those of other
parts and stores that were saved before in ``delivery.json``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from api.app import create_app  # noqa: E402
from hearthwatch.alerting.outbox import enqueue  # noqa: E402
from hearthwatch.alerts.installed import post_from, sender_from, vault_from  # noqa: E402
from hearthwatch.keys import new_key  # noqa: E402
from hearthwatch.records import Channel, EventState, Rhythm, Role  # noqa: E402
from hearthwatch.settings import Settings, load_settings  # noqa: E402
from hearthwatch.store import SqlStore  # noqa: E402
from tests.contract import store_records as a  # noqa: E402
from tests.faults import tellers, telling_trials  # noqa: E402
from tests.faults.killer import workshop  # noqa: E402
from tests.support import postgis  # noqa: E402
from tests.support.inside import Inside  # noqa: E402
from tests.support.receiving import Received, Receiver, answers  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "delivery.md"
WANTED_S = 2.0
STORM = timedelta(minutes=5)
IDLE_S = 30.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", default=[], help="kills, storm, latency; all if none")
    parser.add_argument("--store", choices=("sqlite", "postgres"), action="append")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--told", type=int, default=500)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    preloaded = [*telling_trials.PRELOADED, "benchmarks.bench_delivery"]
    telling_trials.processes.set_forkserver_preload(preloaded)
    failed = False
    for part in args.parts or list(_PARTS):
        for kind in args.store or ["sqlite", "postgres"]:
            with workshop() as folder:
                found = _PARTS[part](folder, kind, args) | surroundings()
            print(f"{part}, {kind}:", json.dumps(found, indent=1), flush=True)
            failed |= bool(found.get("faults"))
            if args.save:
                save(part, kind, found)
    return int(failed)


def surroundings() -> dict[str, Any]:
    """Return when and on what it was measured."""
    return {
        "day": f"{datetime.now(UTC):%Y-%m-%d}", "python": platform.python_version(),
        "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1),
        "nice": os.nice(0),
    }  # fmt: skip


def place_of(folder: Path, kind: str) -> Path | str:
    """Return an empty store of a kind."""
    if kind == "postgres":
        return postgis.server().make("ours")
    place = folder / "store.sqlite"
    SqlStore.open(place, write=True).close()
    return place


# Kills ---------------------------------------------------------------------------------------


def kills(folder: Path, kind: str, args: Any) -> dict[str, Any]:
    """Return what came of alerts while everything was killed."""
    told = len(telling_trials.CAPS) * len(tellers.STATES)
    ground = tellers.Ground(
        folder / "data", place_of(folder, kind), math.ceil(args.alerts / told), seed=7
    )
    found = telling_trials.carry_out(ground, args.kills, say=say)
    return {
        "alerts": found.alerts, "messages": found.messages, "forms": dict(found.forms),
        "kills": dict(found.kills), "attempts": found.attempts, "arrivals": found.arrivals,
        "again": found.again, "answers": dict(found.fates.most_common()),
        "hours": round(found.hours, 1), "seconds": round(found.seconds),
        "faults": found.faults[:50],
    }  # fmt: skip


def say(text: str) -> None:
    print(f"\r{text}", end="", file=sys.stderr, flush=True)


# Storm ---------------------------------------------------------------------------------------


def storm(folder: Path, kind: str, args: Any) -> dict[str, Any]:
    """Return in how many messages a storm is told, and what of it is in the feed of changes."""
    clock = [a.NOON]
    with ExitStack() as held:
        heard: dict[str, list[Received]] = {}
        settings = settings_of(folder)
        store = SqlStore.open(place_of(folder, kind), write=True, alone=False)
        held.callback(store.close)
        a.with_region(store)
        for channel in (Channel.WEBHOOK, Channel.CAP):
            for cap in (1, 20):
                name = f"{channel.value}, at most {cap} single messages in an hour"
                served = held.enter_context(Receiver(answers(204)))
                heard[name] = served.received
                put_receiver(store, settings, name, served.port, channel=channel, storm_cap=cap)
        sender = sender_from(settings, store, clock=lambda: clock[0])
        parts = 20
        for part in range(parts):
            size = args.events // parts
            tell(store, range(part * size, (part + 1) * size), clock[0])
            sender.step()
            clock[0] += STORM / parts
        while store.untold(clock[0]) or store.backlog()[0]:
            clock[0] += timedelta(minutes=1)
            sender.step()
        faults = []
        feed = changed(settings, store)
        if feed != {f"evt-{n}" for n in range(args.events)}:
            faults.append("the feed of changes does not have all events")
        rows = {name: counted(had) for name, had in heard.items()}
        alerts = store.alerts("ours")
        if any(not one.message for one in alerts):
            faults.append("an alert is in no message")
        minutes = (clock[0] - a.NOON) / timedelta(minutes=1)
        return {
            "events": args.events, "in the feed": len(feed), "minutes": minutes,
            "messages": rows, "faults": faults,
        }  # fmt: skip


def counted(had: list[Received]) -> dict[str, int]:
    """Return how many messages came, and their bytes."""
    return {"messages": len(had), "bytes": sum(len(one.body) for one in had)}


def changed(settings: Settings, store: SqlStore) -> set[str]:
    """Return the events that the feed of changes tells of, read to its end."""
    key, shown = new_key("ours", "feed", Role.ADMIN, datetime.now(UTC))
    with store.transaction() as tx:
        tx.put_key(key)
    app = create_app(settings, store, post=post_from(settings, store))
    client = Inside(app, {"Authorization": f"Bearer {shown}"})
    found: set[str] = set()
    try:
        after = ""
        while True:
            page = client.get(f"/changes?limit=1000{after}").json()
            found |= {one["id"] for one in page["items"] if one["id"].startswith("evt-")}
            if not page["items"]:
                return found
            after = f"&after={page['next']}"
    finally:
        client.close()


# Latency -------------------------------------------------------------------------------------


def latency(folder: Path, kind: str, args: Any) -> dict[str, Any]:
    """Return how long after the commit of an event its webhook arrives, with nothing else to do."""
    arrived: dict[str, float] = {}

    def note(request: Received, connection: Any, closing: Any) -> None:
        now = time.monotonic()
        arrived.setdefault(json.loads(request.body)["subject"], now)
        answers(204)(request, connection, closing)

    with ExitStack() as held:
        settings, place = settings_of(folder), place_of(folder, kind)
        store = SqlStore.open(place, write=True, alone=False)
        held.callback(store.close)
        a.with_region(store)
        served = held.enter_context(Receiver(note))
        put_receiver(store, settings, "Program", served.port, storm_cap=1000)
        process = telling_trials.processes.Process(
            target=tellers.send_plainly, args=(folder, place), daemon=True
        )
        process.start()
        held.callback(process.join)
        held.callback(process.kill)
        time.sleep(5.0)
        before = busy(process.pid)
        time.sleep(IDLE_S)
        idle = (busy(process.pid) - before) / IDLE_S
        committed = {}
        began = time.monotonic()
        for number in range(args.told):
            time.sleep(max(0.0, began + number / 2 - time.monotonic()))
            tell(store, [number], datetime.now(UTC))
            committed[f"evt-{number}"] = time.monotonic()
        until = time.monotonic() + 60.0
        while len(arrived) < args.told and time.monotonic() < until:
            time.sleep(0.1)
        took = [arrived[one] - at for one, at in committed.items() if one in arrived]
        cuts = quantiles(took, n=20)
        return {
            "events": args.told, "arrived": len(took), "p50_s": round(cuts[9], 3),
            "p95_s": round(cuts[18], 3), "longest_s": round(max(took), 3),
            "wanted_s": WANTED_S, "idle_share_of_a_core": round(idle, 4),
        }  # fmt: skip


def busy(pid: int) -> float:
    """Return the seconds that a process has had of a processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# Both ----------------------------------------------------------------------------------------


def settings_of(folder: Path) -> Settings:
    return load_settings(
        data_dir=folder, organisation="ours", public_url="https://watch.example",
        alert_allowed_hosts=("127.0.0.1",),
    )  # fmt: skip


def put_receiver(store: SqlStore, settings: Settings, name: str, port: int, **terms: Any) -> None:
    """Put a receiver on loopback that wants everything at once."""
    number = len(store.receivers("ours")) + 1
    made = a.receiver(
        id=f"rcv-{number}", name=name, quiet_from=None, quiet_until=None, quiet_override=None,
        address=vault_from(settings).seal("ours", f"rcv-{number}", f"http://127.0.0.1:{port}/"),
        **terms,
    )  # fmt: skip
    wish = a.subscription(
        id=f"sub-{number}", receiver=made.id, region="", kinds=(), rhythm=Rhythm.INSTANT
    )
    with store.transaction() as tx:
        tx.put_receiver(made)
        tx.put_subscription(wish)


def tell(store: SqlStore, numbers: Any, now: datetime) -> None:
    """Write events and what they give rise to, in one transaction."""
    events = [
        a.event(id=f"evt-{n}", state=EventState.PROVISIONAL, last_detected=now) for n in numbers
    ]
    with store.transaction() as tx:
        for event in events:
            tx.put_event(event)
        enqueue(store, tx, "ours", events, now=now)


_PARTS: dict[str, Callable[[Path, str, Any], dict[str, Any]]] = {
    "kills": kills, "storm": storm, "latency": latency,
}  # fmt: skip


# What is saved -------------------------------------------------------------------------------


def save(part: str, kind: str, found: dict[str, Any]) -> None:
    """Keep what was found, and write all that is kept as a page."""
    kept = RESULT.with_suffix(".json")
    every = json.loads(kept.read_text()) if kept.exists() else {}
    every[f"{part} {kind}"] = found
    kept.write_text(json.dumps(every, indent=1, sort_keys=True) + "\n")
    RESULT.write_text("\n".join(page(every)) + "\n")


def page(every: dict[str, Any]) -> list[str]:
    """Return the results in Markdown."""
    lines = ["# Alerts that arrive", "", "`python -m benchmarks.bench_delivery --save`"]
    for name in sorted(every):
        part, _, kind = name.partition(" ")
        found = every[name]
        lines += ["", f"## {_TITLES[part]}: {kind}", "", _where(found), "", *_TABLES[part](found)]
    return lines


def _where(found: dict[str, Any]) -> str:
    return (
        f"{found['day']}, Python {found['python']}, {found['cores']} cores that did other work "
        f"too (load {found['load']}), niceness {found['nice']}."
    )


def _kills_table(found: dict[str, Any]) -> list[str]:
    struck = ", ".join(f"{count} {name}s" for name, count in sorted(found["kills"].items()))
    forms = ", ".join(f"{count} {name}" for name, count in sorted(found["forms"].items()))
    taken = sum(found["kills"].values())
    faults = found["faults"]
    return [
        f"{taken:,} processes were killed with SIGKILL ({struck}) while {found['alerts']:,} alerts "
        f"were written and sent to {len(telling_trials.CAPS)} receivers, in {found['seconds']} "
        f"seconds; by the clock that the processes had it took {found['hours']} hours.",
        "",
        f"- {found['messages']:,} messages ({forms}), of which {found['attempts']:,} attempts are "
        "on record",
        f"- {found['arrivals']:,} arrivals, {found['again']:,} of them again, under the same id "
        "and with the same bytes: what was taken without saying so, or by a sender that died",
        "- lost, told out of order, changed, without a signature, sent after a receipt was "
        f"stored, without exactly one receipt: **{len(faults)}**",
        *(f"  - {one}" for one in faults),
        "",
        "| what the receiver answered | times |",
        "|---|---:|",
        *(f"| {name} | {count:,} |" for name, count in found["answers"].items()),
    ]


def _storm_table(found: dict[str, Any]) -> list[str]:
    return [
        f"{found['events']:,} events within five minutes; {found['in the feed']:,} of them are in "
        f"the feed of changes. All alerts were in messages after {found['minutes']:.0f} minutes.",
        "",
        "| receiver | messages | bytes |",
        "|---|---:|---:|",
        *(
            f"| {name} | {one['messages']} | {one['bytes']:,} |"
            for name, one in found["messages"].items()
        ),
        *(f"- {one}" for one in found["faults"]),
    ]


def _latency_table(found: dict[str, Any]) -> list[str]:
    return [
        f"{found['events']} events, two a second, each committed by itself; {found['arrived']} "
        "arrived.",
        "",
        "| from the commit to the webhook's arrival | seconds |",
        "|---|---:|",
        f"| half of them within | {found['p50_s']:.2f} |",
        f"| 95 of 100 within | {found['p95_s']:.2f} |",
        f"| all within | {found['longest_s']:.2f} |",
        f"| wanted, 95 of 100 | {found['wanted_s']:.2f} |",
        "",
        f"While nothing happened the sender took {found['idle_share_of_a_core']:.1%} of a core.",
    ]


_TITLES = {"kills": "Killed anywhere", "storm": "A storm", "latency": "From commit to webhook"}
_TABLES: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "kills": _kills_table, "storm": _storm_table, "latency": _latency_table,
}  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())

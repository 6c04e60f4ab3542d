import importlib
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache

import pytest

from hearthwatch.cli.parser import build_parser, command_list
from hearthwatch.cli.parts import KINDS, PRIORITIES, REASONS, STATES
from hearthwatch.records import EventState, Kind, Priority, RejectionReason

EXAMPLES = {
    "region add": ["Oak", "--bbox", "1,2,3,4"],
    "region estimate": ["--bbox", "1,2,3,4"],
    "region backtest": ["home"],
    "region confirm": ["home"],
    "region import": ["areas.kml"],
    "region level": ["Oak", "urgent", "--until", "2026-12-01", "--reason", "threats"],
    "region list": [],
    "context add": [
        "Oak",
        "calls it a nest",
        "--speech",
        "act=strong",
        "--on",
        "2026-03-01",
        "--source",
        "radio",
        "--reliability",
        "B",
        "--credibility",
        "2",
    ],
    "context list": ["Oak"],
    "context withdraw": ["Oak", "obs-1"],
    "region show": ["Oak"],
    "region remove": ["Oak"],
    "settlement import": ["places.csv"],
    "settlement list": [],
    "settlement remove": ["0123"],
    "settlement area": ["East", "--people-per-ha", "100,300"],
    "settlement outline": ["places.csv", "--out", "drawn.geojson"],
    "settlement series": ["East", "--bands", "B04", "--since", "2020-01-01", "--out", "a.csv"],
    "release ask": ["0123", "--audience", "partner", "--why", "near", "--login", "amina"],
    "release agree": ["0123", "--login", "badr"],
    "release refuse": ["0123", "--login", "badr"],
    "release withdraw": ["0123", "--login", "badr"],
    "release list": [],
    "responders list": [],
    "responders show": ["rsd-1"],
    "responses": ["abcd"],
    "erase ask": ["--event", "5f0c", "--why", "x", "--login", "a"],
    "erase agree": ["era-1", "--login", "b", "--password-file", "p"],
    "erase refuse": ["era-1", "--login", "b"],
    "erase list": [],
    "hold set": ["--all", "--why", "x", "--login", "a"],
    "hold lift": ["hold-1", "--why", "x", "--login", "a"],
    "hold keep": ["hold-1", "--login", "b"],
    "hold list": [],
    "receivers list": [],
    "receivers show": ["rcv-1"],
    "receivers add": ["Desk", "--channel", "email", "--owner", "amina", "--address-file", "-"],
    "receivers change": ["rcv-1", "--quiet-from", "22:00", "--quiet-until", "06:30"],
    "receivers confirm": ["rcv-1", "--code-file", "-"],
    "receivers rotate": ["rcv-1"],
    "receivers test": ["rcv-1"],
    "receivers disable": ["rcv-1", "--why", "moving"],
    "receivers enable": ["rcv-1"],
    "receivers remove": ["rcv-1"],
    "subscriptions list": ["--receiver", "rcv-1"],
    "subscriptions show": ["sub-1"],
    "subscriptions add": ["rcv-1", "Fires", "--kind", "burned", "--rhythm", "daily"],
    "subscriptions pause": ["sub-1"],
    "subscriptions resume": ["sub-1"],
    "subscriptions remove": ["sub-1"],
    "messages list": ["--state", "dead", "--limit", "5"],
    "messages show": ["msg-1"],
    "messages again": ["msg-1"],
    "alerts": ["5f0c"],
    "latency": ["--region", "Oak", "--days", "30"],
    "store prune": ["--days", "30"],
    "store scrub": [],
    "seal": ["usb", "--to", "k", "--also", "f", "--confirm", "var", "--confirm-again", "wipe"],
    "backup": ["kept"],
    "restore": ["kept", "--key", "secret.key"],
    "recovery key": ["secret.key"],
    "recovery check": ["kept", "--key", "secret.key"],
    "store copy": ["--from", "a.db", "--to", "b.db"],
    "store check": [],
    "status": [],
    "run": [],
    "why": ["East", "2020-01-05"],
    "suppressed": [],
    "events explain": ["0123"],
    "events list": [],
    "events show": ["abcd"],
    "events confirm": ["abcd"],
    "events dispute": ["abcd", "--why", "the roofs still stand"],
    "events reject": ["abcd", "--reason", "seasonal_burn"],
    "events retract": ["abcd", "--why", "the wrong village", "--who", "anna"],
    "events close": ["abcd"],
    "events reopen": ["abcd"],
    "events undo": ["abcd"],
    "events split": ["abcd", "burned"],
    "events merge": ["abcd", "0123"],
    "events links": ["abcd"],
    "ledger": [],
    "scene list": ["Oak"],
    "scene pull": ["S2B_20190605T092031", "--cell", "34N_0061_0483"],
    "scene show": ["S2B_20190605T092031"],
    "archive verify": [],
    "archive list": [],
    "archive export": ["36N_0512_0143", "out"],
    "archive hold": ["case-7", "all", "--why", "case 7"],
    "archive release": ["case-7", "--why", "closed"],
    "archive prune": ["--keep-years", "5"],
    "archive cube": ["36N_0512_0143"],
    "export": ["a.csv"],
    "heat import": ["a.csv", "b.csv"],
    "heat fetch": [],
    "heat list": [],
    "heat static list": [],
    "heat static add": ["kiln", "--at", "1.5,13.6"],
    "heat static remove": ["0123abcd"],
    "layer import": ["mine", "quarries.gpkg", "--source", "OSM"],
    "layer list": [],
    "layer remove": ["0123abcd"],
    "spend": [],
    "up": [],
    "send": ["--once"],
    "alarms list": ["--all"],
    "alarms acknowledge": ["alm-1"],
    "serve": [],
    "key add": ["map"],
    "key list": [],
    "key revoke": ["0123456789ab"],
    "key rotate": ["0123456789ab", "--hours", "6"],
    "organisation add": ["relief-1", "Relief One"],
    "organisation list": [],
    "organisation close": ["relief-1", "--reopen"],
    "person add": ["amina", "Amina", "--role", "reviewer", "--password-file", "-"],
    "person list": [],
    "person password": ["amina"],
    "person role": ["amina", "viewer"],
    "person disable": ["amina"],
    "person enable": ["amina"],
    "pass add": ["tiles/events", "--maker", "amina", "--days", "30"],
    "pass list": [],
    "pass revoke": ["0123456789ab"],
    "review queue": ["--login", "a", "--limit", "5"],
    "review claim": ["5f0c", "--login", "a", "--give-back"],
    "review assess": ["5f0c", "--login", "a", "--verdict", "unharmed", "--reason", "construction"],
    "review undo": ["5f0c", "--login", "a", "--password-file", "p"],
    "review agreement": [],
    "audit verify": ["--head", "head.json"],
    "audit head": [],
    "audit list": ["--subject", "event:evt-1", "--since", "2026-01-01"],
    "doctor": [],
    "calibrate": ["--budget", "PROBABLE=2.5", "--aim", "0.5", "--dry-run"],
    "sample fetch": [],
    "demo": [],
    "exercise": ["--out", "d", "--at", "22.1,45.2", "--radius", "150", "--date", "2019-06-01"],
    "evaluate": ["--settlements", "a.csv", "--truth", "t.csv", "--out", "d"],
    "case": ["rakhine", "d"],
    "report accuracy": ["--out", "d"],
    "version": [],
}


def test_help_loads_nothing_heavy():
    code = (
        "import sys, hearthwatch.cli.parser as p; p.build_parser().format_help();"
        "print(*sorted({'numpy', 'shapely', 'pydantic', 'sqlalchemy', 'rasterio', 'xarray'}"
        " & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_command_has_an_example_here_and_one_line_of_help():
    listed = dict(command_list())
    assert listed.keys() == EXAMPLES.keys()
    assert all(text and "\n" not in text for text in listed.values())


parser = cache(build_parser)


@pytest.mark.parametrize("command", EXAMPLES)
def test_json_is_taken_before_and_after_every_command(command):
    words = [*command.split(), *EXAMPLES[command]]
    assert parser().parse_args([*words, "--json"]).json
    args = parser().parse_args(["--json", "--data-dir", "d", *words])
    assert args.json
    assert args.data_dir == "d"


@pytest.mark.parametrize("command", EXAMPLES)
def test_every_command_leads_to_a_function(command):
    args = parser().parse_args([*command.split(), *EXAMPLES[command]])
    module, _, function = args.handler.partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_the_words_for_kinds_and_states_are_the_frozen_ones():
    assert tuple(kind.value for kind in Kind) == KINDS
    assert tuple(state.value for state in EventState) == STATES
    assert tuple(priority.value for priority in Priority) == PRIORITIES
    assert tuple(reason.value for reason in RejectionReason) == REASONS


def test_a_bare_date_means_its_whole_day_in_utc():
    args = build_parser().parse_args(
        ["events", "list", "--since", "2018-05-01", "--until", "2018-05-31"]
    )
    assert args.since == datetime(2018, 5, 1, tzinfo=UTC)
    assert args.until == datetime(2018, 5, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_a_moment_needs_a_time_zone():
    parser = build_parser()
    args = parser.parse_args(["run", "--until", "2018-05-01T12:00:00+02:00"])
    assert args.until == datetime(2018, 5, 1, 10, tzinfo=UTC)
    with pytest.raises(Exception, match="has no time zone"):
        parser.parse_args(["run", "--until", "2018-05-01T12:00:00"])

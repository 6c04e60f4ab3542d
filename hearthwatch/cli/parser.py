"""What can be typed. Nothing heavy is imported here: `--help` must come at once."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from hearthwatch.cli import (
    parser_access,
    parser_alerts,
    parser_audit,
    parser_calibrate,
    parser_context,
    parser_erasing,
    parser_events,
    parser_heat,
    parser_imagery,
    parser_layers,
    parser_network,
    parser_operation,
    parser_release,
    parser_review,
    parser_service,
    parser_store,
    parser_trial,
    parser_watch,
)
from hearthwatch.cli.parts import Parser, common

DESCRIPTION = (
    "Watches settlements from the Sentinel satellites and tells when one has burned, been razed "
    "or emptied."
)


def build_parser() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(prog="hearthwatch", description=DESCRIPTION, parents=[common()])
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in (
        parser_watch.region, parser_context.context, parser_watch.status, parser_watch.settlement,
        parser_watch.run, parser_events.events, parser_watch.ledger, parser_watch.why,
        parser_watch.suppressed, parser_imagery.scene, parser_imagery.archive, parser_watch.export,
        parser_heat.heat, parser_layers.layer, parser_imagery.spend, parser_service.up,
        parser_service.serve, parser_service.send, parser_alerts.receivers,
        parser_alerts.subscriptions, parser_alerts.messages, parser_alerts.alerts,
        parser_alerts.latency, parser_service.alarms, parser_access.organisation,
        parser_access.person, parser_access.key, parser_access.pass_, parser_audit.audit,
        parser_release.release, parser_network.responders, parser_network.responses,
        parser_erasing.erase, parser_erasing.hold, parser_review.review, parser_service.doctor,
        parser_store.store, parser_operation.backup, parser_operation.seal,
        parser_operation.restore, parser_operation.recovery, parser_calibrate.calibrate,
        parser_imagery.sample, parser_trial.demo, parser_trial.exercise, parser_trial.evaluate,
        parser_trial.case, parser_trial.report, parser_trial.version,
    ):  # fmt: skip
        add(commands)
    return parser


def command_list() -> Iterator[tuple[str, str]]:
    """Yield every command with its one line of help, in the order of `--help`."""
    yield from _walk(build_parser(), "")


def _walk(parser: argparse.ArgumentParser, prefix: str) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            lines = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, sub in action.choices.items():
                below = list(_walk(sub, f"{prefix}{name} "))
                yield from below or [(f"{prefix}{name}", lines[name])]

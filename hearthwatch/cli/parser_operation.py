"""Commands of backups."""

from __future__ import annotations

import argparse
from typing import Any

from hearthwatch.cli.parts import add_command, add_group


def backup(commands: Any) -> None:
    """Add `hearthwatch backup`."""
    text = "write a sealed backup of everything, while the service works"
    backup = add_command(commands, "backup", "backup:backup", text)
    backup.add_argument("folder", metavar="DEST", help="folder of backups; made if missing")
    _add_recipient(backup)


def restore(commands: Any) -> None:
    """Add `hearthwatch restore`."""
    text = "put a backup into an empty data folder, and compare every digest"
    restore = add_command(commands, "restore", "backup:restore", text)
    _add_source(restore)


def seal(commands: Any) -> None:
    """Add `hearthwatch seal`."""
    text = "write a last sealed backup, read it back, and wipe all that is kept here"
    seal = add_command(commands, "seal", "seal:seal", text)
    seal.add_argument(
        "folder", metavar="DEST", nargs="?", help="folder of backups; on another disk"
    )
    _add_recipient(seal)
    only = "no backup: remove all as fast as can be"
    seal.add_argument("--wipe-only", action="store_true", help=only)
    seal.add_argument(
        "--also", metavar="FILE", action="append", default=[], help="wipe this file with keys too"
    )
    seal.add_argument("--confirm", metavar="DIR", help="the data folder, in full (asked for)")
    seal.add_argument("--confirm-again", metavar="WORD", help="the word wipe (asked for)")
    text = "instead of confirming: do nothing unless this file was left alone"
    seal.add_argument("--unless-touched", metavar="FILE", help=text)
    seal.add_argument("--within", metavar="HOURS", type=float, help="for so long")


def recovery(commands: Any) -> None:
    """Add `hearthwatch recovery`."""
    group = add_group(commands, "recovery", "keys that open backups, and whether backups are whole")
    key = add_command(group, "key", "backup:key", "make a key; its public half is printed")
    key.add_argument("file", metavar="FILE", help="new file for the secret half; keep it elsewhere")
    _add_passphrase(key)
    check = add_command(group, "check", "backup:check", "read all of a backup without restoring it")
    _add_source(check)


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="SRC", help="folder of backups")
    parser.add_argument("--key", metavar="FILE", required=True, help="with the secret half")
    parser.add_argument("--backup", metavar="NAME", help="which one (the newest)")
    _add_passphrase(parser)


def _add_recipient(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", metavar="KEY", help="public key to seal for (the setting backup_recipient)"
    )


def _add_passphrase(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--passphrase-file", metavar="FILE",
        help="with the passphrase of the key in its first line, - for standard input (asked for)",
    )  # fmt: skip

"""`hearthwatch backup`, `restore` and `recovery`."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path
from typing import Any

from hearthwatch.alerts.words.alarm import advice, what
from hearthwatch.audit.verifying import Verified
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer, shown
from hearthwatch.errors import BackupError
from hearthwatch.layout import Layout
from hearthwatch.operation import restoring
from hearthwatch.operation.backup import back_up
from hearthwatch.operation.keyfile import make_key, open_key
from hearthwatch.operation.vault import Vault
from hearthwatch.records import AlarmKind, Language
from hearthwatch.words import counted

FAULTY_STATUS = 1
LONGEST_LINE = 10_000
MOST_TOLD = 50


def backup(call: Call) -> Answer:
    """Write a backup."""
    recipient = call.args.to or call.settings.backup_recipient
    if not recipient:
        raise BackupError(
            "There is no public key to seal the backup for. Make one with `hearthwatch recovery "
            "key FILE` on another machine, and give it with --to or HEARTHWATCH_BACKUP_RECIPIENT."
        )
    folder, layout = _path(call.args.folder), Layout(call.settings.data_dir)
    if folder.is_relative_to(layout.root):
        raise BackupError(f"{shown(folder)} is in the data folder itself. Name another disk.")
    if not call.is_kept:
        raise BackupError("Nothing was recorded yet, so there is nothing to back up.")
    made = back_up(call.place, layout, Vault.make(folder, recipient), call.note)
    document = {
        "backup": made.name,
        "files": made.files,
        "bytes": made.size,
        "written": made.written,
        "missing": list(made.missing),
    }
    words = (
        f"Backup {made.name}: {counted(made.files, 'file')}, {made.size / 1e6:,.1f} MB, of which "
        f"{made.written / 1e6:,.1f} MB were not in {shown(folder)} yet."
    )
    return Answer(document, _with_missing(words, made.missing), int(bool(made.missing)))


def restore(call: Call) -> Answer:
    """Put a backup back."""
    name, held = _opened(call)
    layout = Layout(call.settings.data_dir)
    said = what(AlarmKind.RESTORED, name, Language.ENGLISH)
    todo = advice(AlarmKind.RESTORED, Language.ENGLISH)
    made = restoring.restore(held, name, layout, call.settings.database, (said, todo))
    broken = [chain for chain in made.chains if chain.broken]
    document = {
        "backup": name,
        "taken": made.taken,
        "files": made.files,
        "runs_ended": made.runs,
        "sessions_ended": made.sessions,
        "untold": made.untold,
        "log": [_chain(one) for one in made.chains],
        "missing": list(made.missing),
    }
    entries = sum(chain.entries for chain in made.chains)
    words = [
        f"Backup {name} of {made.taken[:16].replace('T', ' ')} UTC restored to "
        f"{shown(layout.root)}: {counted(made.files, 'file')}, every digest as listed.",
        f"{counted(made.runs, 'run')} and {counted(made.sessions, 'session')} ended.",
        *_untold(made.untold, said, todo),
        *[_in_words(chain) for chain in broken],
    ]
    if not broken:
        words.append(f"The log verifies: {counted(entries, 'entry', 'entries')}.")
    text = _with_missing("\n".join(words), made.missing)
    return Answer(document, text, FAULTY_STATUS if broken or made.missing else 0)


def _untold(count: int, said: str, todo: str) -> list[str]:
    """Return what becomes of what waited; nothing where nothing did."""
    if not count:
        return []
    return [f"{counted(count, 'message or alert', 'messages and alerts')} waited. {said} {todo}"]


def check(call: Call) -> Answer:
    """Read all of a backup."""
    name, held = _opened(call)
    files = restoring.check(held)
    missing = held.document["missing"]
    document = {"backup": name, "taken": held.document["taken"], "files": files, "missing": missing}
    words = f"Backup {name}: {counted(files, 'file')}, every digest as listed."
    return Answer(document, _with_missing(words, missing), int(bool(missing)))


def key(call: Call) -> Answer:
    """Make a key."""
    path = _path(call.args.file)
    public = make_key(path, _passphrase(call, twice=True))
    words = (
        f"{public}\nThat is the public half, for HEARTHWATCH_BACKUP_RECIPIENT. The secret half is "
        f"in {shown(path)}: keep it, and the passphrase apart from it, where neither this machine "
        "nor the backups are. Without both no backup can ever be opened."
    )
    return Answer({"public": public, "file": str(path)}, words)


def _opened(call: Call) -> tuple[str, restoring.Contents]:
    vault = Vault(_path(call.args.folder))
    opener = open_key(_path(call.args.key), _passphrase(call, twice=False))
    return restoring.contents(vault, opener, call.args.backup)


def _passphrase(call: Call, *, twice: bool) -> str:
    named = call.args.passphrase_file
    if named == "-":
        return sys.stdin.readline(LONGEST_LINE).rstrip("\r\n")
    if named is not None:
        try:
            with _path(named).open(encoding="utf-8") as file:
                return file.readline(LONGEST_LINE).rstrip("\r\n")
        except UnicodeDecodeError:
            raise BackupError("The file of the passphrase is not in UTF-8.") from None
    if not sys.stdin.isatty():
        raise BackupError("There is nobody to ask for the passphrase: name --passphrase-file.")
    given = getpass("Passphrase: ")
    if twice and getpass("Once more: ") != given:
        raise BackupError("The two are not alike. Nothing was written.")
    return given


def _path(word: str) -> Path:
    return Path(word).expanduser().absolute()


def _with_missing(words: str, missing: tuple[str, ...] | list[str]) -> str:
    if not missing:
        return words
    told = "\n".join(f"  {name}" for name in missing[:MOST_TOLD])
    return (
        f"{words}\n{counted(len(missing), 'file')} that should have been there when it was made "
        f"were missing:\n{told}\n`hearthwatch doctor` says more of them."
    )


def _chain(chain: Verified) -> dict[str, Any]:
    broken = None if chain.broken is None else chain.broken.words
    return {"organisation": chain.organisation, "entries": chain.entries, "broken": broken}


def _in_words(chain: Verified) -> str:
    whose = chain.organisation or "the service"
    found = chain.broken
    return "" if found is None else f"The log of {whose} breaks at {found.sequence}: {found.words}"

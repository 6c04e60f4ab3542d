"""`hearthwatch seal`: the last thing to do on a machine that may be taken."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer, shown
from hearthwatch.errors import BackupError
from hearthwatch.layout import Layout, is_address
from hearthwatch.operation.seal import Sealed, is_due
from hearthwatch.operation.seal import seal as seal_all
from hearthwatch.operation.vault import Vault
from hearthwatch.operation.wiping import holders, is_begun
from hearthwatch.words import counted

WORD = "wipe"
STAYS = (
    "What removal does not promise: flash disks keep old blocks until they reuse them, and so do "
    "snapshots, journals and swap; only an encrypted disk whose key is destroyed is gone at once.",
    "What is elsewhere stays: older backups, exports, mails, proxies' logs, providers' accounts.",
)
ON_SERVERS = (
    "A database server keeps its log of writes, replicas and backups of its own: see "
    "docs/seizure.md for what its administrator has to do."
)


def seal(call: Call) -> Answer:
    """Back up, read back and wipe; or only wipe."""
    layout, args = Layout(call.settings.data_dir.expanduser().resolve()), call.args
    _check(call)
    if args.unless_touched:
        now = datetime.now(UTC)
        due, age = is_due(Path(args.unless_touched), timedelta(hours=args.within), now)
        if not due:
            hours = age / timedelta(hours=1)
            words = f"It was touched {hours:.1f} hours ago. Nothing is done."
            return Answer({"sealed": False, "hours": hours}, words)
    else:
        _confirm(call, layout)
    also = [Path(name).expanduser().resolve() for name in args.also]
    vault = None if args.wipe_only else _vault(call, layout)
    done = seal_all(call.place, layout, vault, also=also, tell=call.note)
    left = holders(layout.root)
    return _answer(call, done, left)


def _check(call: Call) -> None:
    args = call.args
    if args.wipe_only and (args.folder or args.unless_touched):
        raise BackupError(
            "--wipe-only makes no backup, so it takes no folder, and no file decides it: a clock "
            "that is wrong must not destroy what there is no copy of."
        )
    if not args.wipe_only and not args.folder:
        raise BackupError("Name a folder for the last backup, or say --wipe-only.")
    if bool(args.unless_touched) != (args.within is not None):
        raise BackupError("--unless-touched and --within belong together.")
    if args.within is not None and not args.within > 0:
        raise BackupError("--within is a number of hours above 0.")


def _vault(call: Call, layout: Layout) -> Vault:
    recipient = call.args.to or call.settings.backup_recipient
    if not recipient:
        raise BackupError(
            "There is no public key to seal the backup for. Give it with --to or "
            "HEARTHWATCH_BACKUP_RECIPIENT; `hearthwatch recovery key` makes one elsewhere."
        )
    folder = Path(call.args.folder).expanduser().absolute()
    if folder.resolve().is_relative_to(layout.root):
        raise BackupError(f"{shown(folder)} is in the folder that is wiped. Name another disk.")
    if not call.is_kept and not is_begun(layout):
        raise BackupError("There is no store here, so nothing to back up. --wipe-only removes all.")
    return Vault.make(folder, recipient)


def _confirm(call: Call, layout: Layout) -> None:
    """Have it confirmed twice: which folder, and that it is meant."""
    named = call.args.confirm or _asked(f"Name the folder to wipe ({layout.root}): ")
    if Path(named).expanduser().resolve() != layout.root:
        raise BackupError(f"That is not {layout.root}, so nothing is done.")
    word = call.args.confirm_again or _asked(f"Nothing brings it back. Type {WORD}: ")
    if word.strip() != WORD:
        raise BackupError(f"That is not the word {WORD}, so nothing is done.")


def _asked(question: str) -> str:
    if not sys.stdin.isatty():
        raise BackupError(
            f"It takes two confirmations: --confirm DIR with the data folder, and --confirm-again "
            f"{WORD}."
        )
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _answer(call: Call, done: Sealed, left: tuple[int, ...]) -> Answer:
    backup = done.backup.name if done.backup else None
    lines = [f"{counted(done.removed, 'file')} removed."]
    if backup:
        lines.insert(0, f"Backup {backup} was written and read back.")
    if done.holds:
        lines.append(f"{counted(done.holds, 'legal hold')} in force: the backup alone has it now.")
    if left:
        named = ", ".join(map(str, left))
        lines.append(f"Processes still hold removed files and what they read: kill {named}.")
    lines += STAYS
    if is_address(call.place):
        lines.append(ON_SERVERS)
    value = {
        "sealed": True, "backup": backup, "removed": done.removed, "holds": done.holds,
        "processes": list(left),
    }  # fmt: skip
    return Answer(value, "\n".join(lines))

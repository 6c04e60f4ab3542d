"""`hearthwatch case`: the files of a publicly known case, to fill in and evaluate."""

from __future__ import annotations

import shlex
from pathlib import Path

from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer, shown
from hearthwatch.errors import SettingsError
from hearthwatch.evaluation.templates import README, case_files
from tiles.atomic import write_atomically


def case(call: Call) -> Answer:
    """Write the files of a case into a folder; nothing that is there is replaced.

    Raises
    ------
    SettingsError
        If one of the files is there already: somebody may have filled it in.
    """
    folder = Path(call.args.folder).expanduser().absolute()
    told = case_files(call.args.name, shlex.quote(str(folder)))
    there = sorted(name for name in told if (folder / name).exists())
    if there:
        raise SettingsError(f"{folder} holds {', '.join(there)} already: name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in told.items():
        write_atomically(folder / name, text.encode())
    paths = {name: str(folder / name) for name in told}
    return Answer(
        {"case": call.args.name, "files": paths},
        f"Written to {shown(folder)}: {', '.join(told)}. {README} says what to fill in and how to "
        "go on.",
    )

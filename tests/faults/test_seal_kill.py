"""A seal that is killed goes on when called again; what it removed is in a whole backup."""

import random
import time
from pathlib import Path

from hearthwatch.operation.restoring import contents
from hearthwatch.operation.seal import seal
from hearthwatch.operation.vault import Vault
from tests.faults.test_backup_kill import killed, timed
from tests.support import backups as b

TRIALS, TIMED = 8, 2


def test_a_killed_seal_goes_on_and_what_was_removed_is_in_a_whole_backup(tmp_path: Path) -> None:
    numbers = range(TRIALS + TIMED)
    layouts = [b.filled(tmp_path / f"var-{number}") for number in numbers]
    vaults = [Vault.make(tmp_path / f"usb-{number}", b.RECIPIENT) for number in numbers]
    files = len(b.tree(layouts[0].root))

    def work(number: int) -> None:
        seal(layouts[number].database, layouts[number], vaults[number])

    clean = min(timed(lambda one=number: work(one)) for number in numbers[TRIALS:])
    rng, kills = random.Random(8), 0
    for number in range(TRIALS):
        layout, vault = layouts[number], vaults[number]
        # Evenly over the time it takes, and a little after.
        share = (number + rng.random()) / TRIALS * 1.05
        began = time.monotonic()
        was_killed = killed(lambda one=number: work(one), share, clean)
        kills += was_killed
        if not was_killed:
            # It is done sooner than it was when timed: on a machine with less to do, say.
            clean = min(clean, time.monotonic() - began)
        left = b.tree(layout.root)
        if layout.sealing.exists() or not left:
            # Something was removed: then there is a backup, and it is whole.
            b.checked(vault, vault.backups()[-1])
        else:
            assert layout.database.exists()
        work(number) if left else None
        assert b.tree(layout.root) == {}
        held = contents(vault, b.OPENER)[1]
        assert len(list(held.files())) > files / 2
    assert kills >= TRIALS // 2

"""How well new clearings are found in the Romanian square, against the truth drawn by eye."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from hearthwatch.records import ObservationStatus
from imagery.sample import fetch_sample
from tests.science.clearings import Score, load_truth, score
from tests.science.replay import TRUTH, replay


def main() -> None:
    """Replay 2015 to 2020 and print the figures of both halves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=Path, default=Path("var/sample"))
    sample = parser.parse_args().sample
    fetch_sample(sample)
    with tempfile.TemporaryDirectory() as folder:
        reported, ledger = replay(sample, Path(folder))
    seen = (ObservationStatus.CHANGED, ObservationStatus.UNCHANGED)
    usable = [row.sensed for row in ledger if row.status in seen]
    print(f"{len(ledger)} looks, {len(usable)} usable; {len(reported)} objects reported")
    for half in ("tuning", "scoring"):
        show(half, score(load_truth(TRUTH), reported, half, usable))


def show(half: str, result: Score) -> None:
    """Print one half's figures with 95 % Wilson intervals."""
    print(f"\n{half} half")
    print(f"  recall                      {result.recall}")
    print(f"  precision                   {result.precision}")
    print(f"  true date in the interval   {result.inside}")
    print(f"  days to a provisional event {quartiles(result.days)}")
    print(f"  usable looks to it          {quartiles(result.looks)}")
    print(f"  further objects per find    {result.duplicates}")
    print(f"  missed                      {', '.join(result.missed) or 'none'}")


def quartiles(values: tuple[int, ...]) -> str:
    """Return median and quartiles in words."""
    low, middle, high = np.percentile(values, (25, 50, 75))
    return f"median {middle:.0f}, quartiles {low:.0f} to {high:.0f}"


if __name__ == "__main__":
    main()

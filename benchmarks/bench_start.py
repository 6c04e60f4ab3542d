"""What a person waits for who types `hearthwatch --help`, beside Python alone: milliseconds."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "hearthwatch --help": ("-m", "hearthwatch.cli", "--help"),
    "hearthwatch events --help": ("-m", "hearthwatch.cli", "events", "--help"),
}
ROUNDS = 10


def main() -> None:
    took = {name: [seconds(words) for _ in range(ROUNDS)] for name, words in COMMANDS.items()}
    alone = statistics.median(took["python -c pass"])
    for name, values in took.items():
        middle = statistics.median(values)
        print(f"{name:28} {middle * 1000:6.0f} ms  {middle / alone:5.1f} times Python alone")


def seconds(words: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

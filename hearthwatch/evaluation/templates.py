"""Publicly known cases as files to fill in: names, what is known of dates, and no coordinates.

What no open source gives stays empty, so that reading the files refuses them until a person has
filled it in: a coordinate is never made up, and an event never left out in silence.
"""

from __future__ import annotations

from importlib.resources import files

UNTIL = {"donki-dereisa": "2023-06-30", "el-geneina": "2024-02-29", "rakhine": "2018-02-28"}
"""Last day of the looks that a case is replayed over, by its name."""
SETTLEMENTS, TRUTH, README = "settlements.csv", "truth.csv", "README.md"


def case_files(name: str, folder: str) -> dict[str, str]:
    """Return the files of a case, by name.

    Parameters
    ----------
    name : str
        One of `UNTIL`.
    folder : str
        As it is typed to go there; the commands in the README begin with it.
    """
    shelf = files("hearthwatch.evaluation") / "cases"
    told = {
        file: (shelf / name / file).read_text(encoding="utf-8")
        for file in (SETTLEMENTS, TRUTH, README)
    }
    running = (shelf / "running.md").read_text(encoding="utf-8")
    told[README] += running.replace("{folder}", folder).replace("{until}", UNTIL[name])
    return told

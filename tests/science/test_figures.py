"""Figures of gates are kept where they are asked for, and nowhere else."""

from __future__ import annotations

import json

from tests.science.figures import FILE, Figure, record


def test_a_figure_is_kept_once_and_in_order_by_its_name(tmp_path, monkeypatch, capsys):
    path = tmp_path / "results" / "gates.json"
    monkeypatch.setenv(FILE, str(path))
    for gate, value in (("b", 1.0), ("a", "2024-03-29"), ("b", 2.0)):
        record(Figure(gate, value, "more", "drawn", "nothing", (0.5, 3.0)))
    rows = json.loads(path.read_text())
    assert [(row["gate"], row["figure"]) for row in rows] == [("a", "2024-03-29"), ("b", 2.0)]
    assert rows[1]["interval"] == [0.5, 3.0]
    assert "b: 2.0 (needed: more)" in capsys.readouterr().out


def test_without_being_asked_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(FILE, raising=False)
    monkeypatch.chdir(tmp_path)
    record(Figure("a", 1.0, "", "drawn", "nothing"))
    assert not list(tmp_path.iterdir())

"""What another detector's product says is told as its words, and of what it was made."""

from __future__ import annotations

from hearthwatch.explanation.facts import facts_of
from hearthwatch.explanation.words import sentences
from hearthwatch.records import Label
from tests.support import ledgers as made

WORDS = (
    "That is what OPERA DIST-ALERT-S1 says, another detector's product, made of Sentinel-1: no "
    "witness apart from that sensor."
)


def said(**evidence):
    event = made.event(
        "2024-02-02", "2024-02-04", "PROBABLE", detector="dist_alert", evidence=evidence, doubts=(),
        looks=2, last_detected=made.on("2024-02-14"),
    )  # fmt: skip
    return sentences(facts_of(event, [event], [], Label()))


def test_words_of_others_are_told_as_theirs():
    assert WORDS in said(made_by="OPERA DIST-ALERT-S1", origin="sentinel-1", confidence=8)


def test_words_of_ours_are_not():
    assert not any("another detector's" in one for one in said(log_likelihood_ratio=9.0))

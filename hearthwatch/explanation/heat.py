"""An event that rests on heat alone, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from detectors.heat import INFO
from hearthwatch.records import Event

UNSEEN = (
    "What was hot, and what is left, cannot be seen in these pixels of some hundred metres; nor "
    "can what burned under cloud or between two passes."
)


def is_heat(event: Event) -> bool:
    """Tell whether what an event rests on most is heat that satellites saw."""
    return event.detector == INFO.id


def heat_sentences(event: Event) -> Iterator[str]:
    """Yield the explanation, the sentence that says most first."""
    said = event.evidence
    yield event.observed
    years = said["heat_days_of_earlier_years"]
    if years:
        counts = ", ".join(map(str, years))
        yield (
            f"In {said['month']} it was hot there on {_days(said['heat_days'])}; in the same month "
            f"of earlier years on {counts}; expected were {said['expected_heat_days']:.2f}. "
            f"So many or more have a chance of {said['p_value']:.2g}."
        )
    if said["ring_factor"] > 1.0:
        yield (
            f"Its surroundings were hot on {_days(said['ring_heat_days'])}, where "
            f"{said['ring_expected_heat_days']:.2f} were expected."
        )
    yield from (f"Doubt: {one}." for one in event.doubts)
    yield UNSEEN


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"

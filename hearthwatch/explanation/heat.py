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
            f"In {said['month']} it was hot there on {_counted(said['heat_days'], 'day')}; in the "
            f"same month of earlier years on {counts}."
        )
    if "threshold" in said:
        yield (
            f"That day {_counted(said['pixels_of_day'], 'heat pixel')} there and "
            f"{said['ring_pixels_of_day']} in the surroundings; with those, "
            f"{said['expected_pixels']:.2g} were expected there. That scores "
            f"{said['score']:.1f}; quiet years on record score more than {said['threshold']:.1f} "
            f"at most {said['hints_per_1000_years']:.0f} times in 1,000 settlement-years."
        )
    yield from (f"Doubt: {one}." for one in event.doubts)
    yield UNSEEN


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

"""An event in sentences that a person who is no specialist can read.

Every sentence is composed of stored numbers. What was measured is told, and nothing of why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from detectors.burn_features import NAMES
from detectors.types import DetectorState
from hearthwatch.explanation.curve import people_of, rate_in_words, site_did
from hearthwatch.explanation.facts import Facts, Look, Turn, Use
from hearthwatch.explanation.heat import heat_sentences, is_heat
from hearthwatch.records import Event, Kind
from hearthwatch.values import called
from hearthwatch.why.why import lost_in_words
from hearthwatch.why.words import CAUSE, feature_name
from hearthwatch.words import counted, hectares, marked, sensors_in_words

STATE: Mapping[str, str] = {
    DetectorState.WATCH: "was suspected (WATCH)",
    DetectorState.PROBABLE: "became probable (PROBABLE)",
    DetectorState.ESTABLISHED: "was established (ESTABLISHED)",
    DetectorState.CLOSED: "was closed, what was last seen being the new normal (CLOSED)",
    DetectorState.LAPSED: "lapsed, as later looks did not bear it out (LAPSED)",
}
UNSEEN = (
    "Why it changed cannot be seen in these pixels; nor can anything smaller than a pixel of 10 m, "
    "nor anything between two looks."
)
MANY = 1_000_000
_FACTORS = {
    "near_infrared_factor": "near-infrared reflectance",
    "visible_factor": "reflectance in visible light",
    "short_wave_factor": "reflectance in the short-wave infrared",
    "red_to_near_infrared_factor": "red over near-infrared reflectance",
    "short_wave_infrared_factor": "reflectance in the short-wave infrared",
}
_CHANGES = {
    "char_index_change": ("char index", 1.0, ""),
    "char_fraction_change": ("share of char", 100.0, " percentage points"),
}
_POWER = {
    "vv_drop_db": "power sent back in VV",
    "vh_drop_db": "power sent back in VH",
    "corners_drop_db": "power sent back by its brightest tenth",
}
"""Of radar; decibels by which it fell."""
_HAPPENED: Mapping[str, str] = {
    Kind.BURNED: "the settlement burned",
    Kind.RAZED: "the settlement lost buildings",
    Kind.ABANDONMENT: "the settlement left its fields",
}


def sentences(facts: Facts) -> list[str]:
    """Return the explanation, the sentence that says most first."""
    if is_heat(facts.event):
        return list(heat_sentences(facts.event))
    place = "settlement" if facts.event.settlement else "ground"
    changes = [site_did(facts.event)] if facts.curve else list(_changes(facts.event))
    changes = changes or [f"The {place} changed {_against(facts.event)}"]
    first, *others = changes
    joint = ". It changed" if facts.curve else ""
    out = [f"{first}{joint} {when(facts.event)}, {_seen(facts)}."]
    out += [f"{one}." for one in others]
    out += [*_about(facts), *_limits(facts)]
    out += [f"Doubt: {one}." for one in _doubts(facts)]
    return [*out, UNSEEN]


def as_text(facts: Facts) -> str:
    """Return the explanation as one text, headed by what it is about."""
    event = facts.event
    name = called(event.settlement, {event.settlement: facts.label}) or "watched area"
    head = marked(event.mode, f"{name}: {_plain(event.kind)}, event {event.id[:8]}")
    return "\n".join((head, *sentences(facts)))


def when(event: Event) -> str:
    """Return between which looks the change lies: ``between 2 and 7 March 2023``."""
    first, since = event.first_changed.astimezone(UTC), event.last_unharmed
    if since is None:
        return f"before {_date(first)}"
    since = since.astimezone(UTC)
    if since.date() == first.date():
        return f"on {_date(first)}"
    same_year = since.year == first.year
    same_month = same_year and since.month == first.month
    begin = f"{since.day}" if same_month else f"{since.day} {since:%B}"
    return f"between {begin}{'' if same_year else f' {since.year}'} and {_date(first)}"


def likelier(nats: float) -> str:
    """Return a likelihood ratio in round words."""
    if nats > math.log(MANY):
        return "more than a million times"
    times = math.exp(nats)
    digits = -math.floor(math.log10(times))
    return f"about {round(times, digits):,.0f} times" if times >= 2.0 else "hardly"


def _changes(event: Event) -> Iterator[str]:
    """Yield what fell or rose, as clauses; what was not measured is left out."""
    whose = "The settlement's" if event.settlement else "The ground's"
    for key, name in _FACTORS.items():
        if key in event.evidence:
            moved = _by_share(float(event.evidence[key]))
            yield f"{whose} {name} {moved} {_against(event)}"
    for key, (name, scale, unit) in _CHANGES.items():
        if key in event.evidence:
            change = scale * float(event.evidence[key])
            size = f"{abs(change):.0f}" if unit else f"{abs(change):.2f}"
            moved = "rose" if change > 0 else "fell"
            yield f"Its {name} {moved} by {size}{unit} {_against(event)}"
    for key, name in _POWER.items():
        if key in event.evidence:
            drop = float(event.evidence[key])
            moved = "fell" if drop > 0 else "rose"
            yield f"{whose} {name} {moved} by {abs(drop):.1f} dB {_against(event)}"
    if "tilled_near_ha" in event.evidence:
        yield from _tilled(event.evidence)


def _tilled(evidence: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was tilled near a settlement in the season, against what was to be expected."""
    share, low, high = (float(evidence[f"ratio{end}"]) for end in ("", "_low", "_high"))
    yield (
        f"In the season {evidence['season']} {share:.0%} ({low:.0%} to {high:.0%}) was tilled near "
        "the settlement of what its past seasons and the land round about let expect; it changed"
    )


def _against(event: Event) -> str:
    """Return what a change is measured against."""
    return "against its surroundings" if event.settlement else "against its past and the season"


def _by_share(factor: float) -> str:
    if factor >= 2.0:
        return f"rose {factor:.1f}-fold"
    share = f"{abs(1.0 - factor):.0%}"
    if share == "0%":
        return "did not change"
    return f"{'fell' if factor < 1.0 else 'rose'} {share}"


def _seen(facts: Facts) -> str:
    """Return in how many looks it was seen, and what was lost."""
    # That a look shows a change in an area does not say that it is this one.
    affected = len(facts.affected) if facts.event.settlement else 0
    looks = affected or facts.event.looks
    said = f"seen in {counted(looks, 'look')}"
    lost = [one for one in facts.of_event if one.use is Use.LOST]
    return f"{said}; {_lost(lost)}" if lost else said


def _lost(looks: Sequence[Look]) -> str:
    rows = [one.row for one in looks]
    further = counted(len(rows), "further look")
    causes = {row.cause for row in rows}
    (cause,) = causes if len(causes) == 1 else (None,)
    if cause is None:
        return f"{further} told nothing ({lost_in_words(rows)})"
    return f"{further} {'was' if len(rows) == 1 else 'were'} lost to {CAUSE[cause]}"


def _about(facts: Facts) -> Iterator[str]:
    """Yield sentences on the ground that burned, the surroundings, the weight and the states."""
    evidence = facts.event.evidence
    if "made_by" in evidence:
        yield (
            f"That is what {evidence['made_by']} says, another detector's product, made of "
            f"{sensors_in_words([evidence['origin']])}: no witness apart from that sensor."
        )
    yield from rate_in_words(evidence)
    people = people_of(facts.event, facts.density)
    if people is not None:
        yield people.in_words()
    yield from _extent(evidence)
    if "surroundings_changed" in evidence:
        share = float(evidence["surroundings_changed"])
        changed = f"{share:.0%}" if share >= 0.005 else "None"
        yield f"{changed} of its surroundings changed likewise on the look that was told of."
    if "log_likelihood_ratio" in evidence:
        settled = _HAPPENED.get(facts.event.kind, "the settlement changed")
        changed = settled if facts.event.settlement else "the ground changed"
        happened = "the site changed" if facts.curve else changed
        yield (
            f"Together the looks are {likelier(float(evidence['log_likelihood_ratio']))} likelier "
            f"if {happened} than if it did not: a figure of the model, not a probability."
        )
    if facts.turns:
        yield f"The event {', '.join(map(_turn, facts.turns))}."


def _extent(evidence: Mapping[str, Any]) -> Iterator[str]:
    """Yield sentences on the patch of pixels that changed, where one was found."""
    if "burned_share" not in evidence:
        return
    share, area = float(evidence["burned_share"]), float(evidence["burned_area_m2"])
    low, high = float(evidence["burned_share_low"]), float(evidence["burned_share_high"])
    beyond = evidence.get("containment") == "passing through"
    where = "and run on beyond it" if beyond else "and lie inside it"
    yield (
        f"The pixels that changed as burning does cover {share:.0%} of the settlement ({low:.0%} "
        f"to {high:.0%}), {hectares(area)} ha, {where}."
    )
    if "severity" in evidence:
        yield (
            f"By how far the burn ratio fell (dNBR {float(evidence['dnbr']):.2f}, RBR "
            f"{float(evidence['rbr']):.2f}) its severity is {_plain(evidence['severity'])}."
        )


def _limits(facts: Facts) -> Iterator[str]:
    """Yield sentences on what was not weighed, not measured, or seen with fewer bands."""
    idle = [one for one in facts.of_event if one.use is Use.NOT_WEIGHED]
    if idle:
        was = "was" if len(idle) == 1 else "were"
        yield f"{counted(len(idle), 'look')} {was} measured and not weighed."
    measured = {key for one in facts.of_event for key in one.measured} & set(NAMES)
    missing = [feature_name(key) for key in NAMES if measured and key not in measured]
    if missing:
        yield f"Not measured: {', '.join(missing)}."
    without = {b for one in facts.of_event for b in one.row.detail.get("lived_without", ())}
    if without:
        yield f"Seen, in part or always, without {', '.join(sorted(without))}."


def _plain(word: object) -> str:
    return str(word).lower().replace("_", " ")


def _doubts(facts: Facts) -> list[str]:
    # Bands are told of all looks above, not of the last one alone.
    return [one for one in facts.event.doubts if not one.startswith("seen without")]


def _turn(turn: Turn) -> str:
    came = STATE.get(turn.state, f"came to {turn.state}")
    return f"{came} on the look of {_date(turn.sensed.astimezone(UTC))}"


def _date(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"

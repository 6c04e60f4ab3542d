"""Evaluations whose every figure is computed by hand from looks every fifth day."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearthwatch.evaluation.definitions import LEVELS, Level
from hearthwatch.evaluation.episodes import Looks, episode_of, looks_of
from hearthwatch.evaluation.figures import Dated, LeftOut, Unseen
from hearthwatch.evaluation.intervals import Share
from hearthwatch.evaluation.scoring import evaluate
from hearthwatch.records import Kind
from tests.unit.hearthwatch.evaluation.cases import (
    STATUSES,
    episode,
    history,
    ledger,
    looks,
    noon,
    row,
    truth,
)

W, P, E, C, L = "WATCH", "PROBABLE", "ESTABLISHED", "CLOSED", "LAPSED"
USUAL = ((105, W), (110, P), (115, E), (200, C))
"""A burn of day 100 after that day's look; the look of day 100 saw nothing yet."""


def scored(truths, episodes, seen=None, places="ab", since=None):
    result = evaluate(Kind.BURNED, places, truths, episodes, seen or looks(), since)
    return result, {score.level: score for score in result.levels}


def test_one_event_found_at_each_level():
    result, levels = scored([truth()], [episode("e", "a", (100, 105), USUAL)])
    for level in LEVELS:
        assert levels[level].recall == Share(1, 1)
        assert levels[level].precision == Share(1, 1)
        assert levels[level].f1.value == 1.0
    (outcome,) = result.outcomes
    # From the first instant of day 100 the look of that day counts; from its last it does not.
    assert outcome.found[Level.WATCH].looks == (1, 2)
    assert outcome.found[Level.PROBABLE].looks == (2, 3)
    assert outcome.found[Level.ESTABLISHED].looks == (3, 4)
    assert outcome.found[Level.PROBABLE].days == (10, 10)
    assert levels[Level.PROBABLE].days[1].quartiles == (10, 10, 10)


def test_what_becomes_of_an_alert_takes_nothing_back_and_adds_nothing():
    lapsed = episode("e", "a", (300, 305), ((305, W), (310, L)))
    assert set(lapsed.reports) == {Level.WATCH}
    _, levels = scored([], [lapsed])
    assert [len(levels[level].false) for level in LEVELS] == [1, 0, 0]


def test_a_level_passed_over_is_reached_with_the_next_one():
    jump = episode("e", "a", (100, 105), ((105, W), (115, E)))
    assert jump.reports[Level.PROBABLE].reached == noon(115)


def test_the_interval_is_the_one_told_when_the_level_was_reached():
    first, second = history("e", "a", (100, 105), ((105, W), (110, P)))
    corrected = history("e", "a", (95, 100), ((105, W), (110, P)))[1]
    told = episode_of([corrected, first])
    assert told.reports[Level.WATCH].last_unharmed == noon(100)
    assert told.reports[Level.PROBABLE].last_unharmed == noon(95)
    assert second.version == corrected.version


def test_a_late_alert_is_found_late():
    late = episode("e", "a", (100, 150), ((150, W), (155, P)))
    result, levels = scored([truth()], [late])
    assert levels[Level.WATCH].recall == Share(1, 1)
    assert result.outcomes[0].found[Level.PROBABLE].days == (55, 55)
    # Days 100, 105, ... 155.
    assert result.outcomes[0].found[Level.PROBABLE].looks == (11, 12)
    assert levels[Level.ESTABLISHED].recall == Share(0, 1)


def test_a_further_alert_is_a_duplicate_and_no_false_one():
    both = [episode("e", "a", (100, 105), USUAL), episode("f", "a", (115, 120), ((120, P),))]
    _, levels = scored([truth()], both)
    score = levels[Level.PROBABLE]
    assert [alert.episode for alert in score.duplicates] == ["f"]
    assert score.precision == Share(1, 1)
    assert score.false_armed.count == 0
    assert score.per_event.value == 1.0


def test_an_alert_without_an_event_is_false():
    _, levels = scored([truth()], [episode("e", "b", (100, 105), USUAL)])
    score = levels[Level.PROBABLE]
    assert [alert.episode for alert in score.false] == ["e"]
    assert (score.recall, score.precision) == (Share(0, 1), Share(0, 1))
    assert score.f1.value == 0.0
    # Two settlements armed from day 20 to day 1000.
    assert score.false_armed.exposure == pytest.approx(2 * 980 / 365.25)
    assert score.false_armed.value == pytest.approx(1000 * 365.25 / 1960)


def test_an_alert_of_another_kind_is_not_looked_at_and_its_truth_is_left_out():
    razed = episode("e", "a", (100, 105), USUAL, kind=Kind.RAZED)
    result, levels = scored([truth(kind=Kind.RAZED)], [razed])
    assert result.left_out == ((truth(kind=Kind.RAZED), LeftOut.OTHER_KIND),)
    assert levels[Level.WATCH].recall == Share(0, 0)
    assert levels[Level.WATCH].false == ()


def test_a_burn_reported_where_another_kind_happened_is_false():
    _, levels = scored([truth(kind=Kind.RAZED)], [episode("e", "a", (100, 105), USUAL)])
    assert len(levels[Level.WATCH].false) == 1


def test_a_second_event_is_found_by_an_episode_of_its_own():
    truths = [truth(first=100), truth(first=400)]
    first = episode("e", "a", (100, 105), USUAL)
    again = episode("f", "a", (400, 405), ((405, W), (410, P)))
    result, levels = scored(truths, [first, again])
    assert [one.second for one in result.outcomes] == [False, True]
    assert levels[Level.PROBABLE].second == Share(1, 1)
    assert levels[Level.ESTABLISHED].second == Share(0, 1)
    assert scored(truths, [first])[1][Level.WATCH].second == Share(0, 1)


@pytest.mark.parametrize(
    ("unharmed", "changed", "hits"),
    # Day 100 from 0 h to 24 h, slack 30 days, looks at 8:31.
    [(129, 135, 1), (130, 135, 1), (131, 136, 0), (64, 69, 0), (65, 70, 1)],
)
def test_the_slack_is_thirty_days_at_both_ends(unharmed, changed, hits):
    reported = episode("e", "a", (unharmed, changed), ((140, W),))
    _, levels = scored([truth()], [reported])
    assert levels[Level.WATCH].recall.hits == hits
    assert len(levels[Level.WATCH].false) == 1 - hits


def test_an_alert_raised_before_the_event_did_not_find_it():
    early = episode("e", "a", (90, 95), ((95, W), (105, P)))
    _, levels = scored([truth()], [early])
    assert levels[Level.WATCH].recall == Share(0, 1)
    assert len(levels[Level.WATCH].false) == 1
    assert levels[Level.PROBABLE].recall == Share(1, 1)


@pytest.mark.parametrize(
    ("first", "last", "dated"),
    [
        (101, 104, Dated.INSIDE),  # wholly after the look of day 100, before that of day 105
        (100, 104, Dated.POSSIBLY),  # the first hours of day 100 came before its look
        (101, 105, Dated.POSSIBLY),
        (98, 99, Dated.OUTSIDE),
    ],
)
def test_the_true_date_lies_in_the_reported_interval_or_not(first, last, dated):
    result, levels = scored([truth(first=first, last=last)], [episode("e", "a", (100, 105), USUAL)])
    assert result.outcomes[0].found[Level.WATCH].dated is dated
    score = levels[Level.WATCH]
    assert score.dated_inside == Share(int(dated is Dated.INSIDE), 1)
    assert score.dated_possibly == Share(int(dated is not Dated.OUTSIDE), 1)


def test_delays_to_an_event_known_within_weeks_are_bounds():
    # Found on day 105 although it may have happened as late as day 110.
    result, _ = scored([truth(first=81, last=110)], [episode("e", "a", (100, 105), USUAL)])
    found = result.outcomes[0].found
    # Looks of days 85, 90, 95, 100, 105; at least the one that found it.
    assert (found[Level.WATCH].looks, found[Level.WATCH].days) == ((1, 5), (0, 24))
    assert (found[Level.ESTABLISHED].looks, found[Level.ESTABLISHED].days) == ((1, 7), (5, 34))


def test_two_truths_close_in_time_are_paired_in_order():
    truths = [truth(first=100), truth(first=120)]
    first = episode("e", "a", (100, 105), USUAL)
    again = episode("f", "a", (120, 125), ((125, W),))
    result, levels = scored(truths, [again, first])
    assert [one.found[Level.WATCH].episode for one in result.outcomes] == ["e", "f"]
    assert levels[Level.WATCH].duplicates == ()
    # One alert alone belongs to the first, which it fits as well as the second.
    result, levels = scored(truths, [again])
    assert [Level.WATCH in one.found for one in result.outcomes] == [True, False]
    assert levels[Level.WATCH].recall == Share(1, 2)


def test_as_many_pairs_as_possible_are_made():
    # The first alert fits only the second truth; taken by the first in line it would be lost.
    truths = [truth(first=100), truth(first=160)]
    first = episode("e", "a", (125, 130), ((165, W),))
    second = episode("f", "a", (150, 175), ((175, W),))
    result, _ = scored(truths, [first, second])
    assert [one.found[Level.WATCH].episode for one in result.outcomes] == ["e", "f"]


def test_what_happened_while_learning_is_missed_and_told():
    result, levels = scored([truth(first=7)], [])
    assert result.outcomes[0].unseen is Unseen.LEARNING
    assert levels[Level.WATCH].recall == Share(0, 1)
    assert levels[Level.WATCH].missed_unseen == 1


def test_a_place_never_usable_is_missed_told_and_not_watched():
    seen = looks_of([*ledger("a"), *ledger("b", cloudy=range(1001))])
    result, levels = scored([truth("b")], [], seen)
    assert result.outcomes[0].unseen is Unseen.NEVER_USABLE
    assert levels[Level.WATCH].recall == Share(0, 1)
    assert result.exposure.armed == pytest.approx(980 / 365.25)


def test_a_place_never_looked_at_is_not_watched():
    result, _ = scored([truth("b")], [], looks(places="a"))
    assert result.outcomes[0].unseen is Unseen.NEVER_USABLE
    assert result.looks["b"] == Looks()


@pytest.mark.parametrize(("back", "unseen"), [(160, None), (165, Unseen.BLIND)])
def test_blind_means_no_usable_look_for_sixty_days(back, unseen):
    # The event fell on day 101; its last instant and 60 days lead into day 161.
    cloudy = range(101, back)
    result, _ = scored([truth(first=101)], [], looks(cloudy=cloudy))
    assert result.outcomes[0].unseen is unseen


def test_an_event_found_after_a_blind_time_is_found():
    seen = looks(cloudy=range(101, 200))
    result, levels = scored([truth(first=101)], [episode("e", "a", (100, 200), ((200, W),))], seen)
    assert levels[Level.WATCH].recall == Share(1, 1)
    assert levels[Level.WATCH].missed_unseen == 0
    assert result.outcomes[0].found[Level.WATCH].looks == (1, 1)


@pytest.mark.parametrize(("back", "lost"), [(160, 0), (165, 65)])
def test_gaps_of_more_than_sixty_days_are_armed_but_not_observed(back, lost):
    result, _ = scored([], [], looks(places="a", cloudy=range(101, back)), places="a")
    assert result.exposure.armed == pytest.approx(980 / 365.25)
    assert result.exposure.observed == pytest.approx((980 - lost) / 365.25)


def test_the_time_after_the_last_usable_look_is_observed_for_sixty_days_at_most():
    for first_cloudy, lost in ((941, 0), (936, 65)):
        seen = looks(places="a", cloudy=range(first_cloudy, 1001))
        result, _ = scored([], [], seen, places="a")
        assert result.exposure.observed == pytest.approx((980 - lost) / 365.25)


def test_a_period_scores_only_what_lies_in_it():
    truths = [truth(first=100), truth(first=300)]
    old = episode("old", "a", (100, 105), ((105, W), (260, P)))
    false = [episode(f"f{day}", "b", (day, day + 5), ((day + 5, W),)) for day in (150, 600)]
    new = episode("new", "a", (300, 305), ((305, P),))
    result, levels = scored(truths, [old, new, *false], since=noon(250))
    assert [why for _, why in result.left_out] == [LeftOut.BEFORE]
    assert levels[Level.WATCH].recall == Share(1, 1)
    assert [alert.episode for alert in levels[Level.WATCH].false] == ["f600"]
    # It was raised in the period, for an event before it: neither a hit nor a false alert.
    assert [alert.episode for alert in levels[Level.PROBABLE].earlier] == ["old"]
    assert levels[Level.PROBABLE].precision == Share(1, 1)
    assert result.outcomes[0].second
    assert result.exposure.armed == pytest.approx(2 * 750 / 365.25)
    assert result.exposure.observed == pytest.approx(2 * 750 / 365.25)


def test_an_event_after_the_last_look_is_left_out():
    result, _ = scored([truth(first=1001)], [])
    assert result.left_out == ((truth(first=1001), LeftOut.AFTER),)


def test_strata_hold_each_truth_once():
    shares = [0.0, 0.29, 0.3, 0.6, 1.0, None]
    truths = [truth(first=100 + 100 * i, share=share) for i, share in enumerate(shares)]
    found = episode("e", "a", (300, 305), ((305, W),))
    _, levels = scored(truths, [found])
    strata = levels[Level.WATCH].strata
    assert [(one.low, one.high) for one in strata] == [(0, 0.3), (0.3, 0.6), (0.6, 1), (None, None)]
    assert [one.recall for one in strata] == [Share(0, 2), Share(1, 1), Share(0, 2), Share(0, 1)]
    assert strata[1].looks[1].values == (2,)


def test_a_look_over_two_cells_counts_once_and_two_sensors_on_one_day_twice():
    rows = [
        row("a", 10, STATUSES.NOT_OBSERVABLE, cell="west"),
        row("a", 10, STATUSES.CHANGED, cell="east"),
        row("a", 10, sensor="S2B"),
        row("", 10),
    ]
    found = looks_of(rows)
    assert list(found) == ["a"]
    assert (found["a"].taken, found["a"].usable) == (2, (noon(10), noon(10)))


@pytest.mark.parametrize("places", ["a", "b"])
def test_a_stranger_is_refused(places):
    stranger = "ab".replace(places, "")
    with pytest.raises(ValueError, match="not among the settlements"):
        scored([truth(stranger)], [], places=places)
    with pytest.raises(ValueError, match="not among the settlements"):
        scored([], [episode("e", stranger, (100, 105), USUAL)], places=places)


def test_without_a_look_or_a_period_nothing_is_evaluated():
    with pytest.raises(ValueError, match="ever looked at"):
        evaluate(Kind.BURNED, "a", [], [], {})
    with pytest.raises(ValueError, match="period"):
        scored([], [], since=noon(2000))


@st.composite
def worlds(draw):
    """Draw truths and episodes at two settlements, anywhere in time and in any order."""
    days = st.integers(0, 190).map(lambda n: 5 * n)
    truths = [
        truth(draw(st.sampled_from("ab")), first, first + draw(st.integers(0, 40)), where=f"{n}")
        for n, first in enumerate(draw(st.lists(st.integers(0, 1010), max_size=6)))
    ]
    episodes = []
    for n, changed in enumerate(draw(st.lists(days, max_size=6))):
        states = draw(st.sampled_from([(W,), (W, P), (W, P, E, C), (W, L), (P, E)]))
        wait = draw(st.integers(0, 6)) * 5
        unharmed = None if changed == 0 else changed - 5 * draw(st.integers(1, 10))
        versions = [(changed + wait + 5 * i, state) for i, state in enumerate(states)]
        place = draw(st.sampled_from("ab"))
        episodes.append(episode(f"e{n}", place, (unharmed, changed), versions))
    return truths, episodes


@settings(max_examples=60)
@given(worlds(), st.randoms(use_true_random=False), st.sampled_from([None, 0, 333]))
def test_the_order_of_what_is_given_changes_nothing(world, random, begin):
    truths, episodes = world
    since = None if begin is None else noon(begin)
    rows = ledger(days=range(0, 1001, 10), cloudy=range(400, 470))
    expected = evaluate(Kind.BURNED, "ab", truths, episodes, looks_of(rows), since)
    for listed in (truths, episodes, rows):
        random.shuffle(listed)
    again = evaluate(Kind.BURNED, "ba", truths, episodes, looks_of(rows), since)
    assert again == expected


@settings(max_examples=60)
@given(worlds(), st.sampled_from([None, 333]))
def test_counts_add_up(world, begin):
    truths, episodes = world
    since = None if begin is None else noon(begin)
    result, levels = scored(truths, episodes, since=since)
    assert len(result.outcomes) + len(result.left_out) == len(truths)
    for level, score in levels.items():
        raised = [one for one in episodes if level in one.reports]
        found = [one for one in result.outcomes if level in one.found]
        assert score.recall.of == len(result.outcomes)
        assert score.recall.hits == score.precision.hits == len(found)
        assert score.precision.of == len(found) + len(score.false)
        assert score.f1.found + score.f1.missed == score.recall.of
        kinds = (score.false, score.duplicates, score.earlier)
        told = [alert.episode for alerts in kinds for alert in alerts]
        told += [one.found[level].episode for one in found]
        assert len(told) == len(set(told))
        if begin is None:
            assert sorted(told) == sorted(one.id for one in raised)
        assert sum(one.recall.of for one in score.strata) == score.recall.of
        assert sum(one.recall.hits for one in score.strata) == len(found)
        for one in found:
            at = one.found[level]
            assert 0 <= at.days[0] <= at.days[1]
            assert 1 <= at.looks[0] <= at.looks[1]
    assert 0 <= result.exposure.observed <= result.exposure.armed
    assert result.period.end == noon(1000)
    assert result.period.since == (since or noon(0))


def test_what_may_have_happened_after_learning_could_have_been_seen():
    # Armed from the look of day 20 on.
    for last, unseen in ((19, Unseen.LEARNING), (20, None)):
        result, _ = scored([truth(first=10, last=last)], [])
        assert result.outcomes[0].unseen is unseen

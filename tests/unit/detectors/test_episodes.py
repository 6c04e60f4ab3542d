"""The life of a suspicion, driven by evidence that is written down first."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors import episodes
from detectors.burn_evidence import any_cover
from detectors.burn_features import COVERS
from detectors.calibration import BUILT_IN
from detectors.episodes import NEVER, SPEAKS, WINDOW, EpisodeRules, Level, Turn, windowed
from detectors.odds import OddsRules
from detectors.types import PARTS, DetectorState

Array = NDArray[np.float64]
RULES, ODDS = EpisodeRules(), OddsRules()
COUNT = len(COVERS)
DAY = 86400
QUIET, LOUD = -2.0, 9.0
LITTLE_MORE = BUILT_IN.watch + 0.1
"""Nats of a look that is worth a suspicion, and no more."""
STATES = {Level.WATCH: "WATCH", Level.PROBABLE: "PROBABLE", Level.ESTABLISHED: "ESTABLISHED"}


def looked(seconds, by_cover, residual, plain, judged=None):
    """One look at as many settlements as there is evidence of, nothing speaking against."""
    count = len(by_cover)
    return episodes.Look(
        seconds, np.ones(count, bool) if judged is None else judged, by_cover, np.zeros(count),
        np.zeros(count), np.full(count, plain), residual[:, :, 0], residual,
        np.tile((BUILT_IN.watch, BUILT_IN.probable, BUILT_IN.established), (count, 1)),
    )  # fmt: skip


@dataclass
class Life:
    """One settlement whose looks are five days apart, and every turn of its state."""

    rows: dict[str, NDArray[np.generic]] = field(default_factory=lambda: episodes.new_rows(1))
    seconds: int = 0
    said: list[tuple[int, float]] = field(default_factory=list)
    turns: list[tuple[int, Turn]] = field(default_factory=list)
    unseen: Array = field(default_factory=lambda: np.zeros((1, 3)))

    def look(self, evidence: float | Array, *, plain: bool | None = None) -> Turn | None:
        by_cover = np.broadcast_to(np.asarray(evidence, float), (COUNT,))
        total = float(any_cover(by_cover))
        self.seconds += 5 * DAY
        self.said.append((self.seconds, total))
        residual = np.full((1, episodes.FEATURES, PARTS), float(len(self.said)))
        seen = total < -1.0 if plain is None else plain
        turns, self.unseen = episodes.advance(
            self.rows, looked(self.seconds, by_cover[None], residual, seen), RULES, ODDS
        )
        turn = turns.get(0)
        if turn is not None:
            self.turns.append((self.seconds, turn))
        return turn

    def looks(self, *evidence: float) -> list[str]:
        """Take several looks; return what each brought."""
        turns = [self.look(one) for one in evidence]
        return [turn.state.value if turn else "" for turn in turns]

    @property
    def level(self) -> Level:
        return Level(int(self.rows["level"][0]))

    def day(self, moment: int) -> int:
        return moment // (5 * DAY)


# Evidence of several looks


@given(
    st.lists(
        st.lists(st.floats(-15, 15), min_size=COUNT, max_size=COUNT), min_size=1, max_size=WINDOW
    ),
    st.floats(0, 1),
)
def test_the_windowed_evidence_is_the_best_of_all_windows(
    rows: list[list[float]], persistence: float
) -> None:
    totals, speaking = [], []
    for looks in range(1, len(rows) + 1):
        ratio = 0.0
        for cover in range(COUNT):
            together = sum(row[cover] for row in rows[len(rows) - looks :])
            ratio += math.exp(together / (1 + (looks - 1) * persistence))
        totals.append(math.log(ratio / COUNT))
        speaking.append(sum(any_cover(np.array(row)) > SPEAKS for row in rows[len(rows) - looks :]))
    found = windowed(np.array(rows)[None], persistence)
    for number, least in enumerate((0, 2, 3)):
        borne = [t for t, count in zip(totals, speaking, strict=True) if count >= least]
        assert math.isclose(found.total[0, number], max(borne, default=-math.inf), abs_tol=1e-9)
        if borne:
            at = totals[found.looks[0, number] - 1]
            assert math.isclose(at, max(borne), abs_tol=1e-9)


@given(
    st.lists(st.floats(-15, 15), min_size=WINDOW, max_size=WINDOW),
    st.lists(st.floats(-8, 0), min_size=WINDOW, max_size=WINDOW),
)
def test_odds_of_the_first_look_count_once_and_what_they_took_is_told(
    looks: list[float], odds: list[float]
) -> None:
    evidence = np.repeat(np.array(looks)[None, :, None], COUNT, -1)
    plain = windowed(evidence, 0.0)
    found = windowed(evidence, 0.0, odds=np.array([odds]))
    sums = [sum(looks[first:]) + odds[first] for first in range(WINDOW)]
    assert math.isclose(found.total[0, 0], max(sums), abs_tol=1e-9)
    borne = np.isfinite(plain.total)
    assert np.allclose((plain.total + found.odds)[borne], found.total[borne])
    assert (found.odds[~borne] == 0.0).all()


def together(*looks: Array) -> Array:
    """What looks at one settlement bring together: any of them, two that speak, three."""
    return windowed(np.stack(looks)[None], 0.0).total[0]


def test_looks_that_show_burns_of_different_sizes_do_not_add_up() -> None:
    small, large = np.full(COUNT, -2.0), np.full(COUNT, -2.0)
    small[1], large[4] = 6.0, 6.0
    assert together(small, small)[0] > 10.0
    assert together(small, large)[0] < 5.0


def test_a_state_that_needs_several_looks_is_not_borne_by_one() -> None:
    loud, quiet = np.full(COUNT, 6.0), np.full(COUNT, -1.0)
    assert together(quiet, loud).tolist() == [6.0, -math.inf, -math.inf]
    assert together(loud, quiet, loud)[1:].tolist() == [11.0, -math.inf]


def test_a_look_that_hardly_speaks_bears_no_state() -> None:
    loud = np.full(COUNT, 6.0)
    hardly, just = np.full(COUNT, SPEAKS - 0.01), np.full(COUNT, SPEAKS + 0.01)
    assert together(loud, hardly)[1] == -math.inf
    assert math.isclose(together(loud, just)[1], 6.01 + SPEAKS)


def test_looks_that_follow_each_other_count_for_less_than_their_sum() -> None:
    found = windowed(np.full((1, 2, COUNT), 6.0), 0.15)
    assert found.looks[0].tolist()[:2] == [2, 2]
    assert math.isclose(found.total[0, 0], 12.0 / 1.15)


# The states


def test_a_burn_that_is_seen_again_and_again_rises_and_closes() -> None:
    life = Life()
    life.looks(QUIET, QUIET)
    assert life.looks(LOUD, LOUD, LOUD, LOUD, LOUD, LOUD) == [
        "WATCH", "PROBABLE", "ESTABLISHED", "", "", "CLOSED",
    ]  # fmt: skip
    last = life.turns[-1][1]
    assert (last.episode, last.looks) == (1, 6)
    assert (life.day(last.unharmed), life.day(last.opened)) == (2, 3)
    assert last.new_normal


def test_one_look_is_never_enough_however_loud() -> None:
    life = Life()
    assert life.looks(QUIET, 1000.0) == ["", "WATCH"]
    # The same window, and nothing that speaks for it since.
    assert life.looks(-0.1, -0.1) == ["", ""]
    assert life.level is Level.WATCH


def test_two_looks_are_never_enough_to_establish() -> None:
    life = Life()
    assert life.looks(QUIET, 1000.0, 1000.0, -0.1) == ["", "WATCH", "PROBABLE", ""]
    assert life.level is Level.PROBABLE


def test_what_faded_before_anybody_could_be_sure_lapses() -> None:
    life = Life()
    assert life.looks(QUIET, LITTLE_MORE, *[-2.2] * 3)[:2] == ["", "WATCH"]
    assert life.turns[-1][1].state is DetectorState.LAPSED
    assert not life.turns[-1][1].new_normal
    assert life.level is Level.QUIET


def test_a_suspicion_that_never_became_more_lapses_and_is_the_new_normal() -> None:
    life = Life()
    told = life.looks(QUIET, LITTLE_MORE, *[0.1] * 7)
    assert told[1] == "WATCH"
    assert [one for one in told[2:] if one] == ["LAPSED"]
    assert told.index("LAPSED") == RULES.give_up_after
    assert life.turns[-1][1].new_normal


def test_after_it_closed_a_settlement_is_armed_again_and_the_second_interval_is_right() -> None:
    life = Life()
    life.looks(QUIET, *[LOUD] * 6)
    assert life.looks(QUIET, QUIET, LOUD, LOUD, LOUD) == [
        "", "", "WATCH", "PROBABLE", "ESTABLISHED",
    ]  # fmt: skip
    second = life.turns[-1][1]
    assert (second.episode, second.looks) == (2, 3)
    assert (life.day(second.unharmed), life.day(second.opened)) == (9, 10)


def test_straight_after_closing_the_last_unharmed_look_is_the_oldest_of_the_new_normal() -> None:
    life = Life()
    life.looks(QUIET, *[LOUD] * 6)
    life.looks(LOUD)
    turn = life.turns[-1][1]
    assert (turn.state, turn.episode) == (DetectorState.WATCH, 2)
    # The level was taken from looks 5, 6 and 7: on the later two a new fire may have begun.
    assert (life.day(turn.unharmed), life.day(turn.opened)) == (5, 8)


def test_the_interval_begins_with_the_first_look_of_the_window_that_told() -> None:
    life = Life()
    # Three looks too weak alone, and two together, to be told of; strong enough the three.
    two, three = (one / (1 + (one - 1) * RULES.persistence) for one in (2, 3))
    weak = BUILT_IN.watch / three + 0.01
    assert two * weak < BUILT_IN.watch
    assert life.looks(QUIET, weak, weak, weak) == ["", "", "", "WATCH"]
    turn = life.turns[0][1]
    assert (life.day(turn.unharmed), life.day(turn.opened), turn.looks) == (1, 2, 3)


def test_a_look_that_could_not_tell_is_no_end_of_the_unharmed_time() -> None:
    life = Life()
    life.look(QUIET)
    for _ in range(3):
        life.look(-0.2, plain=False)
    life.look(LOUD)
    turn = life.turns[0][1]
    assert (life.day(turn.unharmed), life.day(turn.opened)) == (1, 5)


def test_without_a_look_that_showed_it_unharmed_none_is_claimed() -> None:
    life = Life()
    life.looks(LOUD, LOUD)
    assert [turn.unharmed for _, turn in life.turns] == [NEVER, NEVER]


def test_the_departure_of_the_strongest_window_is_kept() -> None:
    life = Life()
    life.looks(QUIET, LOUD, LOUD, 0.5, 0.5)
    assert life.rows["shown"][0, 0] == 3.0


def test_settlements_do_not_touch_each_other() -> None:
    rows = episodes.new_rows(3)
    before = {name: array.copy() for name, array in rows.items()}
    for n in range(1, 8):
        residual = np.zeros((3, episodes.FEATURES, PARTS))
        judged = np.array([False, True, False])
        look = looked(n * DAY, np.full((3, COUNT), LOUD), residual, plain=False, judged=judged)
        episodes.advance(rows, look, RULES, ODDS)
    for name, array in before.items():
        assert np.array_equal(rows[name][[0, 2]], array[[0, 2]], equal_nan=True), name
    # One episode closed, and its sequel was opened by the seventh look.
    assert rows["reached"][1].tolist() == [2, 1, 1]


EVIDENCE = st.one_of(
    st.sampled_from([-2.0, -0.3, 0.0, 0.5, 1.5, 3.6, 5.0, 9.0, 16.0]), st.floats(-2.3, 16.0)
)


@settings(max_examples=200, deadline=None)
@given(st.lists(EVIDENCE, min_size=1, max_size=60))
def test_whatever_is_seen_the_rules_of_the_states_hold(evidence: list[float]) -> None:
    life, before = Life(), Level.QUIET
    for one in evidence:
        turn = life.look(one)
        level = life.level
        check_step(life, before, level, turn)
        before = level
    check_life(life)


def check_step(life: Life, before: Level, level: Level, turn: Turn | None) -> None:
    """A level falls to quiet only, with an ending told; and each rise is told."""
    recent = np.array([total for _, total in life.said[-WINDOW:]])
    if turn is None:
        assert level == before
        return
    if turn.state in (DetectorState.CLOSED, DetectorState.LAPSED):
        assert level is Level.QUIET
        assert (before is Level.WATCH) == (turn.state is DetectorState.LAPSED)
        assert before is not Level.QUIET
        return
    assert level > before
    assert turn.state.value == STATES[level]
    # No state without its evidence: the sum of what speaks for it is at least the threshold.
    needed = {Level.WATCH: BUILT_IN.watch, Level.PROBABLE: BUILT_IN.probable}
    assert recent[recent > 0].sum() > needed.get(level, BUILT_IN.established)
    since = [total for moment, total in life.said if moment >= turn.opened]
    supporting = sum(total > SPEAKS for total in since)
    assert supporting >= {Level.WATCH: 1, Level.PROBABLE: 2, Level.ESTABLISHED: 3}[level]
    assert turn.looks == len(since)


def check_life(life: Life) -> None:
    """Episodes count up from 1, each within its own time, and none overlaps the next."""
    numbers = [turn.episode for _, turn in life.turns]
    assert sorted(set(numbers)) == list(range(1, len(set(numbers)) + 1))
    assert numbers == sorted(numbers)
    ended = 0
    for moment, turn in life.turns:
        assert turn.opened > ended
        assert turn.unharmed == NEVER or turn.unharmed < turn.opened
        assert turn.opened <= moment
        assert turn.looks <= RULES.give_up_after
        if turn.state in (DetectorState.CLOSED, DetectorState.LAPSED):
            ended = moment
    endings = [one for _, one in life.turns if one.state.value in ("CLOSED", "LAPSED")]
    assert len(endings) in (len(set(numbers)), len(set(numbers)) - 1)
    is_open = len(endings) < len(set(numbers))
    assert bool(episodes.is_open(life.rows)[0]) == is_open
    reached = np.zeros(3, int)
    for number in set(numbers):
        names = {turn.state.value for _, turn in life.turns if turn.episode == number}
        highest = max((level for level, name in STATES.items() if name in names))
        reached[:highest] += 1
    assert life.rows["reached"][0].tolist() == reached.tolist()


# A place that nobody saw for long


def months_unseen(months: int) -> Life:
    """A place seen plainly unharmed, then not for months, then a look that says little more."""
    life = Life()
    life.look(QUIET)
    life.seconds += months * 30 * DAY
    life.look(LITTLE_MORE)
    return life


def test_a_change_after_months_without_a_look_needs_more_evidence() -> None:
    assert months_unseen(0).level == Level.WATCH
    assert months_unseen(2).level == Level.WATCH
    late = months_unseen(8)
    assert late.level == Level.QUIET
    assert late.unseen[0, 0] < -ODDS.unseen


def test_an_open_episode_is_judged_by_its_own_beginning() -> None:
    life = months_unseen(0)
    life.seconds += 6 * 30 * DAY
    life.look(LOUD)
    assert life.level >= Level.WATCH
    assert life.unseen.tolist() == [[0.0, 0.0, 0.0]]

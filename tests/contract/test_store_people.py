"""What every store must do with people, keys, leases, the log and releases, asked of each."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hearthwatch.errors import NotFound, QuestionError, StoreError
from hearthwatch.records import Audience, AuditFilter, ProposalOutcome, Role, Subject, WatchLevel
from hearthwatch.store import Store, rules
from tests.contract import store_records as a

MINUTE = a.DAY / 1440
PROPERTY = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def store(empty: Store) -> Store:
    """A store with a region and an event of each of two organisations."""
    for owner in ("ours", "theirs"):
        a.with_region(empty, owner)
        with empty.transaction() as tx:
            tx.put_event(a.event(organisation=owner))
    return empty


def put(store: Store, verb: str, *records) -> None:
    with store.transaction() as tx:
        for record in records:
            getattr(tx, verb)(record)


def take(store: Store, **changes):
    with store.transaction() as tx:
        return tx.take_lease(a.lease(**changes))


class TestPeople:
    def test_how_a_key_stands_follows_its_organisation_and_its_maker(self, empty: Store) -> None:
        key = a.api_key(made_by="per-1")
        put(empty, "put_organisation", a.organisation(), a.organisation(organisation="theirs"))
        put(empty, "put_person", a.person(organisation="theirs", id="per-1"))
        put(empty, "put_key", key, a.api_key(id="0" * 12))

        def is_shut(its_id: str = key.id, maker: Role | None = None) -> bool:
            found = empty.key_standing(its_id)
            assert found is not None
            assert found.key == empty.key(its_id)
            assert found.maker is maker
            return found.is_shut

        # Made by nobody that its own organisation knows.
        assert is_shut()
        assert not is_shut("0" * 12)
        put(empty, "put_person", a.person(id="per-1", role=Role.REVIEWER))
        assert not is_shut(maker=Role.REVIEWER)
        put(empty, "put_person", a.person(id="per-1", role=Role.VIEWER, disabled=a.NOON))
        assert is_shut(maker=Role.VIEWER)
        put(empty, "put_person", a.person(id="per-1", role=Role.ADMIN))
        put(empty, "put_organisation", a.organisation(closed=a.NOON))
        assert is_shut(maker=Role.ADMIN)
        assert is_shut("0" * 12)
        assert empty.key_standing("nobody's") is None

    def test_organisations_come_back_by_name_and_are_replaced(self, empty: Store) -> None:
        put(empty, "put_organisation", a.organisation(), a.organisation(organisation="a"))
        closed = a.organisation(closed=a.NOON + a.DAY)
        put(empty, "put_organisation", closed)
        assert empty.all_organisations() == (a.organisation(organisation="a"), closed)
        assert empty.organisation("ours") == closed
        assert empty.organisation("nobody") is None

    def test_people_are_found_by_id_and_by_login_of_their_own_organisation(
        self, empty: Store
    ) -> None:
        other = a.person(id="per-2", login="badr", role=Role.REVIEWER)
        put(empty, "put_person", a.person(), other, a.person(organisation="theirs", name="Else"))
        assert empty.people("ours") == (a.person(), other)
        assert empty.person("ours", "per-2") == other
        assert empty.person_by_login("theirs", "amina") == a.person(
            organisation="theirs", name="Else"
        )
        assert empty.person_by_login("ours", "nobody") is None
        with pytest.raises(NotFound):
            empty.person("theirs", "per-2")

    def test_a_person_is_replaced_and_a_login_is_of_one(self, empty: Store) -> None:
        put(empty, "put_person", a.person())
        put(empty, "put_person", a.person(failures=3, waits_until=a.NOON + MINUTE))
        assert empty.person("ours", "per-1").failures == 3
        with pytest.raises(StoreError, match="signs in as amina already"):
            put(empty, "put_person", a.person(id="per-2"))
        assert len(empty.people("ours")) == 1

    def test_a_session_is_found_by_its_id_alone(self, empty: Store) -> None:
        put(empty, "put_person", a.person())
        put(empty, "put_session", a.session(), a.session(id="b" * 64, created=a.NOON - MINUTE))
        assert empty.session("c" * 64) == a.session()
        assert empty.session("unknown") is None
        assert [one.id for one in empty.sessions("ours")] == ["b" * 64, "c" * 64]
        assert empty.sessions("ours", "per-9") == ()
        assert empty.sessions("theirs") == ()

    def test_a_session_of_nobody_is_refused(self, empty: Store) -> None:
        with pytest.raises(StoreError):
            put(empty, "put_session", a.session())

    def test_a_pass_is_found_by_its_id_alone_and_revoked(self, empty: Store) -> None:
        put(empty, "put_pass", a.pass_())
        gone = a.pass_(revoked=a.NOON)
        put(empty, "put_pass", gone)
        assert empty.find_pass(gone.id) == gone
        assert empty.find_pass("unknown") is None
        assert empty.passes("ours") == (gone,)
        assert empty.passes("theirs") == ()

    @pytest.mark.parametrize(
        ("verb", "record"),
        [("put_session", a.session()), ("put_pass", a.pass_()), ("put_key", a.api_key())],
    )
    def test_nobody_takes_over_what_is_anothers(self, empty: Store, verb: str, record) -> None:
        put(empty, "put_person", a.person(), a.person(organisation="theirs"))
        put(empty, verb, record)
        with pytest.raises(StoreError, match="exists already"):
            put(empty, verb, dataclasses.replace(record, organisation="theirs"))

    def test_a_key_keeps_its_scopes_and_what_it_replaces(self, empty: Store) -> None:
        key = a.api_key(scopes=("read", "export"), replaces="0" * 12)
        put(empty, "put_key", key)
        assert empty.key(key.id) == key


class TestLeases:
    def test_only_one_holds_a_lease(self, empty: Store) -> None:
        assert take(empty, holder="a") == a.lease(holder="a", turn=1)
        assert take(empty, holder="b") is None
        assert empty.lease("runs") == a.lease(holder="a", turn=1)
        assert take(empty, name="alerts", holder="b") == a.lease(name="alerts", holder="b", turn=1)

    def test_the_holder_holds_it_longer_in_the_same_turn(self, empty: Store) -> None:
        take(empty)
        later = take(empty, taken=a.NOON + MINUTE, until=a.NOON + a.DAY)
        assert later == a.lease(turn=1, until=a.NOON + a.DAY)

    def test_one_that_ran_out_is_the_next_ones_and_counts_a_turn(self, empty: Store) -> None:
        first = take(empty)
        at = first.until
        second = take(empty, holder="b", taken=at, until=at + a.DAY)
        assert (second.holder, second.turn, second.taken) == ("b", 2, at)
        # Who comes back late begins a turn of its own, or none.
        assert take(empty, taken=at + MINUTE) is None

    def test_one_that_came_back_too_late_has_another_turn(self, empty: Store) -> None:
        first = take(empty)
        again = take(empty, taken=first.until, until=first.until + a.DAY)
        assert again.turn == 2

    def test_a_lease_given_back_is_free_but_not_anothers(self, empty: Store) -> None:
        take(empty)
        with empty.transaction() as tx:
            tx.drop_lease("runs", "b", 1)
            tx.drop_lease("runs", "a", 2)
        assert take(empty, holder="b") is None
        with empty.transaction() as tx:
            tx.drop_lease("runs", "a", 1)
        assert empty.lease("runs") is None
        assert take(empty, holder="b").holder == "b"


class TestAudit:
    def test_each_entry_seals_the_one_before_and_each_organisation_has_its_own(
        self, empty: Store
    ) -> None:
        with empty.transaction() as tx:
            first = tx.add_audit(a.audit_entry())
            other = tx.add_audit(a.audit_entry(organisation="theirs"))
            second = tx.add_audit(a.audit_entry(act="export", detail={"n": 3}))
        assert (first.sequence, second.sequence, other.sequence) == (1, 2, 1)
        assert first.previous == other.previous == rules.FIRST_PREVIOUS
        assert second.previous == first.sha256
        assert rules.sealed(second) == second
        assert empty.audit("ours") == (first, second)
        assert empty.audit("ours", after=1, limit=5) == (second,)
        assert empty.audit_newest("ours", limit=1) == (second,)

    def test_the_newest_entries_are_found_by_what_they_say_and_page_by_page(
        self, empty: Store
    ) -> None:
        with empty.transaction() as tx:
            for number in range(6):
                at, act = a.NOON + number * a.DAY, "view" if number % 2 else "export"
                tx.add_audit(a.audit_entry(at=at, act=act, actor=f"per-{number // 3}"))
            tx.add_audit(a.audit_entry(organisation="theirs"))

        def found(where: AuditFilter, **more: int) -> list[int]:
            return [one.sequence for one in empty.audit_newest("ours", where, **more)]

        assert found(AuditFilter()) == [6, 5, 4, 3, 2, 1]
        assert found(AuditFilter(), before=4, limit=2) == [3, 2]
        assert found(AuditFilter(act="view")) == [6, 4, 2]
        assert found(AuditFilter(act="view", actor="per-1")) == [6, 4]
        assert found(AuditFilter(since=a.NOON + a.DAY, until=a.NOON + 2 * a.DAY)) == [3, 2]
        assert found(AuditFilter(subject="event")) == found(AuditFilter(outcome="else")) == []

    def test_the_rows_of_a_log_come_as_they_were_sealed(self, empty: Store) -> None:
        for whose in ("theirs", "ours", "theirs"):
            put(empty, "add_audit", a.audit_entry(organisation=whose))
        rows = list(empty.audit_rows())
        assert [(row["organisation"], row["sequence"]) for row in rows] == [
            ("ours", 1), ("theirs", 1), ("theirs", 2)
        ]  # fmt: skip
        assert [rules.seal_of(row) for row in rows] == [row["sha256"] for row in rows]
        assert list(empty.audit_rows("theirs")) == rows[1:]
        assert list(empty.audit_rows("nobody")) == []

    def test_what_is_rolled_back_leaves_no_gap(self, empty: Store) -> None:
        put(empty, "add_audit", a.audit_entry())
        with pytest.raises(RuntimeError), empty.transaction() as tx:
            tx.add_audit(a.audit_entry())
            raise RuntimeError
        put(empty, "add_audit", a.audit_entry())
        assert [one.sequence for one in empty.audit("ours")] == [1, 2]

    @PROPERTY
    @given(
        field=st.sampled_from(["actor", "act", "subject", "outcome", "sequence", "previous"]),
    )
    def test_whatever_is_changed_breaks_the_seal(self, field: str) -> None:
        entry = rules.following(a.audit_entry(), None)
        changed = {"sequence": 2}.get(field, "else")
        assert rules.sealed(dataclasses.replace(entry, **{field: changed})).sha256 != entry.sha256


class TestChanges:
    def test_all_that_changes_is_told_in_order_with_its_tombstone(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_event(a.event(version=2))
            tx.add_detections([a.detection()])
            tx.put_settlements([a.settlement()])
            tx.put_settlements([a.settlement(removed=a.NOON)])
            tx.put_region(a.region(level=WatchLevel.URGENT, removed=a.NOON))
        told = [(c.subject, c.id, c.version, c.gone) for c in store.changes("ours").items]
        assert told == [
            (Subject.REGION, "reg-1", 0, False),
            (Subject.EVENT, "evt-1", 1, False),
            (Subject.EVENT, "evt-1", 2, False),
            (Subject.DETECTION, "det-1", 0, False),
            (Subject.SETTLEMENT, "set-1", 0, False),
            (Subject.SETTLEMENT, "set-1", 0, True),
            (Subject.REGION, "reg-1", 0, True),
        ]

    def test_a_cursor_at_the_end_gives_what_comes_later_and_nothing_twice(
        self, store: Store
    ) -> None:
        page = store.changes("ours", limit=1)
        assert len(page.items) == 1
        page = store.changes("ours", after=page.next)
        assert [c.subject for c in page.items] == [Subject.EVENT]
        end = store.changes("ours", after=page.next)
        assert end.items == ()
        put(store, "put_event", a.event(version=2))
        put(store, "put_event", a.event(organisation="theirs", version=2))
        (new,) = store.changes("ours", after=end.next).items
        assert (new.organisation, new.version) == ("ours", 2)

    def test_a_cursor_from_the_start_of_nothing_works_too(self, empty: Store) -> None:
        page = empty.changes("ours")
        assert page.items == ()
        a.with_region(empty)
        assert len(empty.changes("ours", after=page.next).items) == 1

    def test_anothers_cursor_is_refused(self, store: Store) -> None:
        with pytest.raises(QuestionError):
            store.changes("ours", after=store.changes("theirs").next)

    def test_what_is_rolled_back_is_not_told(self, store: Store) -> None:
        before = store.changes("ours").items
        with pytest.raises(RuntimeError), store.transaction() as tx:
            tx.put_event(a.event(version=2))
            raise RuntimeError
        assert store.changes("ours").items == before


class TestReleases:
    def test_a_rendering_is_fixed_once(self, store: Store) -> None:
        put(store, "add_rendering", a.rendering(), a.rendering(made=a.NOON + a.DAY))
        assert store.rendering("ours", "evt-1", Audience.PARTNER) == a.rendering()
        assert store.rendering("ours", "evt-1", Audience.PUBLIC) is None
        assert store.rendering("theirs", "evt-1", Audience.PARTNER) is None
        with pytest.raises(StoreError, match="fixed already"):
            put(store, "add_rendering", a.rendering(place="elsewhere"))

    def test_what_an_audience_was_told_stays_and_its_order_is_fixed(self, store: Store) -> None:
        second = a.telling(version=2, at=a.NOON + a.DAY, gone=True, detail={})
        public = a.telling(audience=Audience.PUBLIC, id="other")
        theirs = a.telling(organisation="theirs")
        put(store, "add_telling", a.telling(), second, public, theirs)
        assert store.tellings("ours", Audience.PARTNER) == (a.telling(), second)
        assert store.tellings("ours", Audience.PUBLIC, event="evt-1") == (public,)
        assert store.tellings("ours", Audience.PARTNER, event="evt-9") == ()
        assert store.tellings("theirs", Audience.PARTNER) == (theirs,)
        with pytest.raises(StoreError, match="changed in between"):
            put(store, "add_telling", a.telling(version=2))

    def test_proposals_are_replaced_and_narrowed(self, store: Store) -> None:
        other = a.proposal(id="pro-2", subject="evt-2", asked=a.NOON - MINUTE, audience=None)
        put(store, "put_proposal", a.proposal(), other, a.proposal(organisation="theirs"))
        agreed = a.proposal(
            outcome=ProposalOutcome.AGREED, decided_by="per-2", decided=a.NOON + MINUTE
        )
        put(store, "put_proposal", agreed)
        assert store.proposals("ours") == (other, agreed)
        assert store.proposals("ours", outcome=ProposalOutcome.OPEN) == (other,)
        assert store.proposals("ours", subject="evt-1") == (agreed,)
        assert store.proposal("ours", "pro-1") == agreed
        with pytest.raises(NotFound):
            store.proposal("theirs", "pro-2")


class TestReviews:
    def test_open_claims_are_told_and_all_of_an_event(self, store: Store) -> None:
        put(store, "put_claim", a.claim(), a.claim(id="cla-2", made=a.NOON - MINUTE))
        put(store, "put_claim", a.claim(ended=a.NOON + MINUTE))
        assert [one.id for one in store.claims("ours")] == ["cla-2"]
        assert [one.id for one in store.claims("ours", event="evt-1")] == ["cla-2", "cla-1"]
        assert store.claims("theirs") == ()

    def test_assessments_come_in_order_and_stay_when_taken_back(self, store: Store) -> None:
        second = a.assessment(id="ass-2", person="per-2", said=a.NOON + MINUTE)
        put(store, "put_assessment", second, a.assessment())
        undone = a.assessment(undone=a.NOON + 2 * MINUTE)
        put(store, "put_assessment", undone)
        assert store.assessments("ours") == (undone, second)
        assert store.assessments("ours", event="evt-9") == ()
        assert store.assessments("theirs") == ()


class TestOutlived:
    def test_sessions_and_passes_that_let_nobody_in_any_more_go_and_no_others(
        self, empty: Store
    ) -> None:
        put(empty, "put_person", a.person(), a.person(organisation="theirs"))
        early, late = a.NOON - a.DAY, a.NOON + a.DAY
        sessions = {
            "expired": {"expires": early}, "ended": {"ended": early, "expires": late},
            "lasts": {"expires": late}, "ended since": {"ended": late, "expires": late},
            "at the moment": {"expires": a.NOON},
        }  # fmt: skip
        for name, times in sessions.items():
            put(empty, "put_session", a.session(id=name, **times))
        put(empty, "put_session", a.session(id="x", organisation="theirs", expires=early))
        for name, times in {
            "p1": {"expires": early}, "p2": {"revoked": early, "expires": late},
            "p3": {"expires": late},
        }.items():  # fmt: skip
            put(empty, "put_pass", a.pass_(id=name, **times))
        with empty.transaction() as tx:
            assert tx.drop_outlived(a.NOON) == 5
        kept = {one.id for one in empty.sessions("ours")}
        assert kept == {"lasts", "ended since", "at the moment"}
        assert empty.sessions("theirs") == ()
        assert [one.id for one in empty.passes("ours")] == ["p3"]
        with empty.transaction() as tx:
            assert tx.drop_outlived(a.NOON) == 0

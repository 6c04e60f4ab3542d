"""The words of every language: the same keys, none empty, none forbidden, none too long."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor
from hypothesis import given, settings
from hypothesis import strategies as st

from hearthwatch.alerting.least import least
from hearthwatch.alerts.words import (
    fitted,
    headline,
    instruction,
    paragraphs,
    short,
    size,
    title,
)
from hearthwatch.alerts.words.catalogue import FSI, LOCALES, MOST_CHARACTERS, PDI, clean, coded, say
from hearthwatch.alerts.words.event import description
from hearthwatch.alerts.words.figures import (
    day_of,
    hectares,
    look,
    moment,
    place_in_words,
    point_of,
)
from hearthwatch.records import (
    AlarmKind,
    AlertAct,
    ContextSort,
    Detail,
    EventState,
    Grade,
    Kind,
    Language,
    MessageForm,
    Mode,
    Precision,
    RejectionReason,
    Severity,
    Variable,
    WatchLevel,
)
from tests.support.wordings import EVENT, FORBIDDEN, HOME, facts, letter, notice, of_form

SAME = {
    Language.FRENCH: {
        "mark-test": "the French word is TEST too",
        "sure-possible": "the French word is possible too",
        "level-urgent": "the French word is urgent too",
    },
}
"""Words that are the same as in English, each with the reason."""
CODES = {
    "kind": [one.value for one in Kind], "brief": [one.value for one in Kind],
    "change": ["new", "expanded", "contracted", "closed", "razed_partial", "razed_total",
               "abandoned", "reoccupied", "rebuilt"],
    "state": [one.value for one in EventState], "why": [one.value for one in EventState],
    "reason": [one.value for one in RejectionReason],
    "severity": [one.value for one in Severity], "act": [one.value for one in AlertAct],
    "precision": [one.value for one in Precision], "level": [one.value for one in WatchLevel],
    "variable": [one.value for one in Variable], "grade": [one.value for one in Grade],
    "context": [one.value for one in ContextSort],
    "factor": [str(one) for one in range(1, 15)],
    "sure": ["observed", "likely", "possible", "unlikely", "unknown"],
    "answer": ["none", "received", "taken_charge", "declined", "handed_over"],
    "mark": ["test", "exercise"], "about": ["test", "exercise"],
    "title": [one.value for one in MessageForm if one is not MessageForm.SINGLE],
    "body": [one.value for one in MessageForm if one is not MessageForm.SINGLE],
    "short": [one.value for one in MessageForm if one is not MessageForm.SINGLE],
    "alarm": [one.value for one in AlarmKind], "alarm-do": [one.value for one in AlarmKind],
}  # fmt: skip


class Reader(Visitor):
    """Collects what a message holds: placeholders, plural forms, text."""

    def __init__(self):
        self.placeholders, self.forms, self.text = set(), set(), []

    def visit_VariableReference(self, node):  # noqa: N802
        self.placeholders.add(node.id.name)

    def visit_Variant(self, node):  # noqa: N802
        self.forms.add(node.key.name)
        self.generic_visit(node)

    def visit_TextElement(self, node):  # noqa: N802
        self.text.append(node.value)


def read(language):
    source = files("hearthwatch.alerts.words").joinpath(f"{language.value}.ftl")
    body = FluentParser().parse(source.read_text(encoding="utf-8")).body
    broken = [one for one in body if isinstance(one, ast.Junk)]
    assert not broken, broken[0].content
    found = {}
    for one in body:
        if isinstance(one, ast.Message):
            assert one.id.name not in found, f"{one.id.name} is there twice"
            reader = Reader()
            reader.visit(one.value)
            found[one.id.name] = reader
    return found


CATALOGUES = {language: read(language) for language in Language}
ENGLISH = CATALOGUES[Language.ENGLISH]


@pytest.mark.parametrize("language", Language)
def test_every_language_has_the_same_keys_and_placeholders(language):
    catalogue = CATALOGUES[language]
    assert catalogue.keys() == ENGLISH.keys()
    for key, reader in catalogue.items():
        assert reader.placeholders == ENGLISH[key].placeholders, key


@pytest.mark.parametrize("language", Language)
def test_nothing_is_empty_or_left_in_english(language):
    same = set()
    for key, reader in CATALOGUES[language].items():
        text = "".join(reader.text).strip()
        assert text or reader.placeholders, key
        alike = text == "".join(ENGLISH[key].text).strip() and re.search(r"\w", text)
        if language is not Language.ENGLISH and alike:
            same.add(key)
    assert same == set(SAME.get(language, {}))


def test_arabic_is_arabic():
    for key, reader in CATALOGUES[Language.ARABIC].items():
        text = "".join(reader.text)
        assert not re.search("[A-Za-z]", text), key


@pytest.mark.parametrize("language", Language)
def test_counts_have_every_form_that_the_language_has(language):
    wanted = {Language.ENGLISH: {"one", "other"}, Language.FRENCH: {"one", "other"},
              Language.ARABIC: {"zero", "one", "two", "few", "many", "other"}}  # fmt: skip
    counted = {key for key, reader in ENGLISH.items() if "count" in reader.placeholders
               or reader.forms}  # fmt: skip
    assert counted >= {"looks", "chain-hours", "title-digest", "cut", "short-many"}
    for key in counted:
        assert CATALOGUES[language][key].forms == wanted[language], key


@pytest.mark.parametrize("language", Language)
def test_no_cause_no_doer_and_no_certainty_that_is_not_there(language):
    for key, reader in CATALOGUES[language].items():
        text = " ".join(reader.text)
        assert not re.search(FORBIDDEN[language], text, re.IGNORECASE), (key, text)


@pytest.mark.parametrize("language", Language)
def test_every_code_has_words(language):
    for sort, codes in CODES.items():
        for code in codes:
            assert f"{sort}-{code.replace('_', '-')}" in CATALOGUES[language], (sort, code)


def test_a_code_of_the_future_is_told_as_it_is():
    assert coded(Language.FRENCH, "kind", "new_\u202ekind\n") == "new_kind"


@pytest.mark.parametrize("language", Language)
def test_a_value_that_is_missing_is_no_silent_gap(language):
    with pytest.raises(LookupError):
        say(language, "where", place="here")
    with pytest.raises(LookupError):
        say(language, "nothing-of-the-kind")


# ---- plurals and figures --------------------------------------------------------------------


@pytest.mark.parametrize(("count", "words"), [
    (1, "تشهد به صورة واحدة."), (2, "تشهد به صورتان."), (3, "تشهد به 3 صور."),
    (10, "تشهد به 10 صور."), (11, "تشهد به 11 صورة."), (99, "تشهد به 99 صورة."),
    (100, "تشهد به 100 صورة."), (0, "لا تشهد به أي صورة."), (103, "تشهد به 103 صور."),
])  # fmt: skip
def test_arabic_counts(count, words):
    assert say(Language.ARABIC, "looks", count=count) == words


@pytest.mark.parametrize("zone", ["UTC", "Africa/Khartoum", "America/Lima"])
def test_of_a_look_of_which_only_the_day_is_known_no_hour_is_told(zone):
    for only in ("2024-06-18T00:00:00Z", "2024-06-18T02:00:00+02:00", "2024-06-18"):
        assert look(only, Language.ENGLISH, zone) == "18 June 2024"
        assert day_of(only, zone) == "2024-06-18"
    at = "2024-06-18T22:30:00Z"
    assert look(at, Language.ENGLISH, zone) == moment(at, Language.ENGLISH, zone)
    day_only = facts(
        unharmed_until="2024-06-13T00:00:00Z", changed_by="2024-06-18T00:00:00Z",
        seen="2024-06-18T00:00:00Z",
    )  # fmt: skip
    told = " ".join(description(day_only, Language.ENGLISH, zone))
    assert "18 June 2024" in told
    assert re.search(r"June 2024, 0\d:00|June 2024, 19:00", told) is None


def test_times_are_told_in_the_receivers_zone_and_days_as_they_are():
    at = "2024-06-18T22:30:00+00:00"
    assert moment(at, Language.ENGLISH, "Africa/Khartoum") == "19 June 2024, 00:30 (UTC+02:00)"
    assert moment(at, Language.FRENCH, "America/St_Johns") == "18 juin 2024 à 20:00 (UTC-02:30)"
    arabic = moment(at, Language.ARABIC, "UTC").translate({ord(FSI): None, ord(PDI): None})
    assert arabic == "18 يونيو 2024، الساعة 22:30 (UTC)"
    assert moment("2024-06-18", Language.FRENCH, "Pacific/Auckland") == "18 juin 2024"
    assert moment("2024-06-18T22:30:00Z", Language.ENGLISH, "No/Where").endswith("22:30 (UTC)")


def test_areas_are_written_as_each_language_does():
    told = [hectares(12_345_000.0, one) for one in Language]
    assert told[0] == "1,234" or told[0] == "1,235"
    assert told[1].replace("\u202f", " ") in ("1 234", "1 235")
    assert hectares(13_400.0, Language.FRENCH) == "1,3"
    assert hectares(900.0, Language.ENGLISH) == "0.09"


def test_a_point_is_told_only_as_exact_as_the_place_is():
    shape = facts()["geometry"]
    assert point_of(shape, "exact_10m") == "13.60100, 25.30100"
    assert point_of(shape, "vicinity_100m") == "13.601, 25.301"
    assert point_of(shape, "locality_1km") == point_of(shape, "admin") == ""
    assert point_of(None, "exact_10m") == ""


def test_places_that_software_words_are_translated_and_names_stay():
    assert place_in_words("somewhere in a square of 16 km", Language.FRENCH) == (
        "quelque part dans un carré de 16 km"
    )
    assert "Kutum" in place_in_words("in or near Kutum", Language.ARABIC)
    assert place_in_words("Umm Sidir", Language.FRENCH) == "Umm Sidir"


# ---- whole messages -------------------------------------------------------------------------


def everything():
    """Yield events of every kind, state, change and reason."""
    for kind in CODES["kind"]:
        for state in CODES["state"]:
            yield facts(kind=kind, state=state)
    for change in CODES["change"]:
        yield facts(kind="camp_change", change=change)
    for reason in CODES["reason"]:
        yield facts(act="cancel", state="rejected", reason=reason, sure="Unlikely")
    yield facts(act="cancel", state="closed", merged_into=EVENT)
    yield notice()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("mode", Mode)
def test_what_is_not_about_the_world_is_marked_first_and_last(language, mode):
    marks = {
        Language.ENGLISH: {"test": "TEST", "exercise": "EXERCISE"},
        Language.FRENCH: {"test": "TEST", "exercise": "EXERCICE"},
        Language.ARABIC: {"test": "اختبار", "exercise": "تمرين"},
    }
    for one in everything():
        told = {**one, "mode": mode.value}
        message = letter(mode=mode, facts=(told,), language=language)
        for text in (headline(told, language), instruction(told, language),
                     short(message, language), title(message, language),
                     "\n\n".join(paragraphs(message, language)),
                     fitted(message, language, 3_000)):  # fmt: skip
            if mode is Mode.ACTUAL:
                assert not any(mark in text for mark in ("TEST", "EXERCI", "تمرين"))
            else:
                mark = marks[language][mode.value]
                assert text.startswith(mark) and text.endswith(mark)


@pytest.mark.parametrize("language", Language)
def test_a_test_that_the_owner_asks_for_is_marked_whatever_its_mode(language):
    text = "\n\n".join(paragraphs(letter(MessageForm.TEST, facts=()), language))
    mark = say(language, "mark-test")
    assert text.startswith(mark) and text.endswith(mark)


@pytest.mark.parametrize("language", Language)
def test_every_form_can_be_told(language):
    for form in MessageForm:
        told = paragraphs(of_form(form, language), language)
        assert all(one.strip() for one in told)
        assert not re.search(r"\{|\}|\?\?\?|None", "\n".join(told))


@pytest.mark.parametrize("language", Language)
def test_a_headline_is_short_and_names_no_place(language):
    for one in everything():
        line = headline({**one, "mode": "exercise"}, language)
        assert "Umm Sidir" not in line and "\n" not in line and len(line) <= 250


def test_what_an_alert_says():
    text = "\n".join(paragraphs(letter(), Language.ENGLISH))
    for told in (
        "NBR fell by 0.41", "Umm Sidir (exact to about 10 m)", "13.60100, 25.30100",
        "last seen unharmed on 13 June 2024, 10:51 (UTC+02:00)", "How sure: possible.",
        "No independent source bears it out so far, and nobody has confirmed it.",
        "compared with 5 of 8 sectors", "the western edge lay under cloud",
        "at level elevated until 31 July 2024", "reports of displacement nearby",
        "published: 18 June 2024, 18:02 (UTC+02:00)",
        "From the satellite to this message: 28 hours",
        "Relief Desk: received", "Border Office: no answer yet", "none of them says",
        "Check it with sources of your own", f"\n{HOME}/answer/q7Rk2\n", "They do not show why",
    ):  # fmt: skip
        assert told in text, told


def test_what_is_not_told_is_said_not_to_be_told():
    bare = facts(unseen="", doubts=[], reliability="", level=None, told=[], changed_by=None,
                 unharmed_until=None, seen=None, looks=None, place="", geometry=None)  # fmt: skip
    text = "\n".join(description(bare, Language.ENGLISH))
    assert "That does not mean that everything was seen." in text
    assert "That does not mean that there is nothing." in text
    for what in ("When", "Where", "Who else was told", "Why the place is watched"):
        assert f"{what}" in text
    assert text.count("this message") >= 6


def test_a_change_without_an_earlier_look_may_be_old():
    text = "\n".join(description(facts(unharmed_until=None), Language.ENGLISH))
    assert "so it may have changed long before" in text


def test_days_instead_of_times_are_told_as_days():
    chain = {**facts()["chain"], "sensed": "2024-06-18", "made": "2024-06-19"}
    text = "\n".join(description(facts(chain=chain, changed_by="2024-06-18"), Language.FRENCH))
    assert "image prise : 18 juin 2024\n" in text
    assert "De la prise de vue à ce message" not in text


def test_instructions_follow_from_what_became_of_it():
    def told(**changes):
        return instruction(facts(**changes), Language.ENGLISH)

    assert "within hours" in told() and "within a day" in told(urgent=False)
    assert "agreed to act" in told(state="confirmed")
    assert "replaces" in told(act="update")
    assert "Do not rely any longer" in told(act="cancel", state="retracted")
    assert "does not say that the place is safe" in told(act="cancel", state="closed")
    assert "Follow the other event" in told(act="cancel", state="closed", merged_into=EVENT)
    assert "link for answers" not in told(links={})
    assert "Do not publish the place" not in instruction(notice(), Language.ENGLISH)


@pytest.mark.parametrize("language", [Language.FRENCH, Language.ARABIC])
def test_what_is_there_in_english_only_stands_under_a_heading_that_says_so(language):
    for one in description(facts(), language):
        lines = one.split("\n")
        for number, line in enumerate(lines):
            english = ("NBR fell", "compared with", "the western", "not measured")
            if any(text in line for text in english):
                assert lines[number - 1] == say(language, "english")


def test_latin_inside_arabic_is_isolated_and_every_isolate_is_closed():
    for form in MessageForm:
        for one in paragraphs(of_form(form, Language.ARABIC), Language.ARABIC):
            for line in one.split("\n"):
                assert_isolated(line)


def assert_isolated(line):
    depth = 0
    for sign in line:
        depth += (sign == FSI) - (sign == PDI)
        assert depth >= 0
        alone = line.startswith("https://") and not re.search("[\u0600-\u06ff]", line)
        if unicodedata.bidirectional(sign) == "L" and not alone:
            assert depth > 0, line
    assert depth == 0


def test_names_in_arabic_are_isolated_in_english():
    text = "\n".join(description(facts(place="أم سدر"), Language.ENGLISH))
    assert f"Where: {FSI}أم سدر{PDI} (exact" in text


# ---- SMS ------------------------------------------------------------------------------------

LONGEST_LINK = f"{HOME}/events/{EVENT}"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("mode", Mode)
def test_no_sms_is_longer_than_160_and_none_is_cut_in_the_wrong_place(language, mode):
    for one in everything():
        for place in ("", "Umm Sidir", "Umm Sidir " * 30, "قرية " * 40):
            told = {**one, "mode": mode.value, "place": place}
            text = short(letter(mode=mode, facts=(told,), language=language), language)
            assert len(text) <= 160 and size(text).units <= 160
            assert EVENT in text and LONGEST_LINK in text.split()
            assert place.strip() in text or clean(place)[:9] not in text


@pytest.mark.parametrize("language", [Language.ENGLISH, Language.FRENCH])
def test_sms_in_latin_letters_is_one_message_of_gsm(language):
    for one in everything():
        text = short(letter(facts=({**one, "place": ""},), language=language), language)
        assert (size(text).alphabet, size(text).parts) == ("GSM-7", 1), text
    for form in MessageForm:
        text = short(of_form(form, language), language)
        assert (size(text).alphabet, size(text).parts) == ("GSM-7", 1), text


def test_sms_of_every_form_says_what_it_is():
    for language in Language:
        for form in MessageForm:
            text = short(of_form(form, language), language)
            assert len(text) <= 160 and "https://" in text
            assert len(text.partition("https://")[0].strip()) > 10, text


@pytest.mark.parametrize("language", Language)
def test_where_there_is_no_page_a_code_is_sent_and_no_address(language):
    code = "mq3J0cXn1vY5bW7dKf9hRt2sUx4zA6eGiLoPkQjN8wE"
    made = letter(MessageForm.QUESTION, language=language, links={"code": code}, home="", facts=())
    text = "\n\n".join(paragraphs(made, language))
    assert code in text.splitlines()
    assert say(language, "link-code") in text
    assert "://" not in text and "://" not in short(made, language)
    assert short(made, language).endswith(code)


def test_an_sms_keeps_id_and_mark_whatever_the_link():
    for length in range(0, 400, 7):
        link = f"https://{'x' * length}.example/e/1"
        one = {**facts(mode="exercise"), "links": {"event": link}}
        text = short(letter(mode=Mode.EXERCISE, facts=(one,)), Language.FRENCH)
        assert len(text) <= 160 and EVENT in text
        assert text.startswith("EXERCICE") and text.endswith("EXERCICE")
        assert link in text.split() or "https" not in text


@pytest.mark.parametrize("language", Language)
def test_no_sms_holds_a_link_with_which_whoever_reads_it_could_answer(language):
    link = "https://watch.example/answers?receiver=rcv-1&response=rsp-1&token=secret"
    text = short(letter(facts=({**facts(), "links": {"answer": link}},)), language)
    assert "secret" not in text and "answers" not in text
    assert EVENT in text


def test_what_an_sms_takes_up():
    assert size("a" * 160) == dataclasses.replace(size("a"), units=160)
    assert size("a" * 161).parts == 2 and size("a" * 307).parts == 3
    assert size("€") == dataclasses.replace(size("ab"), units=2)
    assert (size("ç").alphabet, size("é").alphabet) == ("UCS-2", "GSM-7")
    assert [size("ن" * count).parts for count in (70, 71, 134, 135)] == [1, 2, 2, 3]
    assert size("\U0001f525").units == 2


# ---- what others write ----------------------------------------------------------------------


@settings(max_examples=40)
@given(st.text(max_size=300), st.sampled_from(Language))
def test_texts_of_others_stay_on_their_line(text, language):
    one = facts(place=text or "x", observed=text, doubts=[text], unseen=text, reliability=text)
    for told in (*description(one, language), headline(one, language)):
        for sign in told:
            assert sign == "\n" or unicodedata.category(sign) not in ("Cc", "Zl", "Zp", "Cs")
        assert "\n\n" not in told
    assert len(short(letter(facts=(one,)), language)) <= 160


def test_marks_of_direction_and_endless_texts_of_others_are_taken_away():
    assert clean("a\u202eb\u2066c\u2069\u200f d") == "abc d"
    assert clean("a\r\n\u2028 b\x00c\t") == "a b c"
    assert len(clean("x" * 10_000)) == MOST_CHARACTERS


@settings(max_examples=25)
@given(st.integers(1, 60), st.integers(1_600, 9_000), st.sampled_from(Language))
def test_a_text_that_is_cut_fits_and_keeps_its_ends(count, most, language):
    message = letter(MessageForm.LIST, mode=Mode.EXERCISE, language=language,
                     facts=tuple(facts(mode="exercise") for _ in range(count)))  # fmt: skip
    text, whole = fitted(message, language, most), "\n\n".join(paragraphs(message, language))
    assert len(text.encode()) <= most
    assert f"{HOME}/unsubscribe/tQ8w" in text
    mark = say(language, "mark-exercise")
    assert text.startswith(mark) and text.endswith(mark)
    assert (text == whole) == (len(whole.encode()) <= most)


def test_every_language_has_a_locale():
    assert LOCALES.keys() == set(Language)


def test_a_notice_says_that_it_leaves_things_out():
    message = letter(detail=Detail.NOTICE, facts=(notice(),))
    text = "\n".join(paragraphs(message, Language.ENGLISH))
    assert "This is a notice" in text and "this message names no place" in text
    assert "Relief Desk" not in text and "Who else was told" not in text


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("act", ["alert", "update", "cancel"])
def test_what_has_no_kind_is_said_not_to_be_named(language, act):
    told = notice(act=act)
    real = least(EVENT, 3, Mode.ACTUAL, Severity.SEVERE, datetime(2024, 6, 19, tzinfo=UTC))
    assert all(told[one] == real[one] for one in ("kind", "change", "place", "geometry"))
    message = letter(detail=Detail.NOTICE, facts=(told,), language=language)
    untold = say(language, "kind-untold")
    assert untold in headline(told, language)
    assert f"{untold}." in "\n".join(paragraphs(message, language)[1:])
    assert say(language, "brief-untold") in short(message, language)


def test_messages_about_an_event_are_counted_and_not_what_changed_between_two():
    def number(*before: str) -> str:
        said = paragraphs(letter(facts=(facts(sequence=4),), before=before), Language.ENGLISH)
        return next(one for one in said if one.startswith("Event "))

    assert number().endswith("message 1 about it.")
    assert number("msg_a,2024-06-18T08:51:00+00:00").endswith("message 2 about it.")
    # Of several events in one message each is counted by itself.
    two = [f"msg_{n},2024-06-18T08:51:00+00:00,{of}" for n, of in enumerate((EVENT, EVENT, "e"))]
    assert number(*two).endswith("message 3 about it.")


@pytest.mark.parametrize("language", list(Language))
def test_a_list_says_how_many_events_it_leaves_out(language: Language) -> None:
    plain = of_form(MessageForm.LIST, language)
    made = dataclasses.replace(plain, more=136)
    for room in (20_000, 900):
        assert "136" in fitted(made, language, room)
    for said in (title(made, language), short(made, language)):
        assert str(136 + len(made.facts)) in said
    assert "136" not in fitted(plain, language, 20_000)

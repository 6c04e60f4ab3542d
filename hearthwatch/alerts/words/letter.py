"""The whole text of a message."""

from __future__ import annotations

from collections.abc import Sequence

from hearthwatch.alerts.channel import Letter
from hearthwatch.alerts.words.alarm import alarm, beat
from hearthwatch.alerts.words.catalogue import clean, mark_of, marked, say
from hearthwatch.alerts.words.event import description, headline, item, links, steps
from hearthwatch.alerts.words.figures import instant
from hearthwatch.records import Detail, Language, MessageForm, Mode

LISTS = frozenset({MessageForm.DIGEST, MessageForm.LIST, MessageForm.LATE})
"""Forms that tell of several events."""

_EVENT_LINKS = ("answer", "event", "evidence")


def mode_of(letter: Letter) -> Mode:
    """Return what a message is marked as; a test that its owner asks for is always one."""
    is_test = letter.form is MessageForm.TEST and letter.mode is Mode.ACTUAL
    return Mode.TEST if is_test else letter.mode


def form_of(letter: Letter) -> str:
    """Return the form of a message, by which its words are found: what is over is no alarm."""
    is_over = bool(letter.alarms) and all(one["over"] for one in letter.alarms)
    return "alarm-over" if is_over else letter.form.value


def title(letter: Letter, language: Language) -> str:
    """Return one line on a message: the subject of an e-mail. It names no place."""
    if letter.form is MessageForm.SINGLE:
        return headline(letter.facts[0], language)
    key = f"title-{form_of(letter)}"
    if letter.form in LISTS:
        line = say(language, key, count=len(letter.facts) + letter.more)
    else:
        line = say(language, key, sender=clean(letter.sender))
    return marked(language, mode_of(letter), line)


def paragraphs(letter: Letter, language: Language) -> tuple[str, ...]:
    """Return the plain text of a message; a paragraph may have several lines.

    What is not about the world is marked in the first and in the last one.
    """
    return (*_opening(letter, language), *_body(letter, language), *_closing(letter, language))


def fitted(letter: Letter, language: Language, most_bytes: int) -> str:
    """Return the plain text of a message in UTF-8 of so many bytes at most.

    What is too much is left out of the middle, line by line, and a line says how many there were
    and where they are to be read. What to do next, the links and the mark are never left out.
    """
    whole = "\n\n".join(paragraphs(letter, language))
    if _size(whole) <= most_bytes:
        return whole
    opening, closing = _opening(letter, language), _closing(letter, language)
    lines = "\n\n".join(_body(letter, language)).split("\n")
    # The number of lines left out has as many digits at most as that of all lines.
    kept, room = 0, most_bytes - _size(_joined(opening, lines[:0], len(lines), letter, closing))
    room -= len("\n\n") + len(str(len(lines)))
    for line in lines:
        room -= _size(line) + 1
        if room < 0:
            break
        kept += 1
    return _joined(opening, lines[:kept], sum(map(bool, lines[kept:])), letter, closing)


def _joined(
    opening: Sequence[str], lines: Sequence[str], missing: int, letter: Letter, tail: Sequence[str]
) -> str:
    language = letter.language
    cut = "\n".join((say(language, "cut", count=missing), _where_all_is(letter)))
    body = "\n".join(lines).rstrip("\n")
    return "\n\n".join((*opening, *([body] if body else []), cut, *tail))


def _where_all_is(letter: Letter) -> str:
    known = [one["links"].get("event", "") for one in letter.facts]
    single = known[0] if len(known) == 1 else ""
    receiver = (letter.links or {}).get("receiver", "")
    return clean(single or receiver or letter.home or letter.sender)


def _size(text: str) -> int:
    return len(text.encode("utf-8"))


def _opening(letter: Letter, language: Language) -> list[str]:
    found = [title(letter, language)]
    if mode_of(letter) is not Mode.ACTUAL:
        found.append(say(language, f"about-{mode_of(letter).value}"))
    if letter.late:
        found.append(
            say(language, "greeting-late", made=instant(letter.made, language, letter.zone))
        )
    return found


def _body(letter: Letter, language: Language) -> list[str]:
    if letter.form is MessageForm.SINGLE:
        return [*described(letter, language)]
    found = [_about(letter, language)]
    found += [alarm(one, language, letter.zone) for one in letter.alarms]
    if letter.form is MessageForm.HEARTBEAT:
        found += beat(letter.beat, letter.next, language, letter.zone)
    found += [item(one, language, letter.zone) for one in letter.facts]
    return found


def described(letter: Letter, language: Language) -> tuple[str, ...]:
    """Return paragraphs on the one event of a message: all but what to do next and links."""
    (facts,) = letter.facts
    is_notice = letter.detail is Detail.NOTICE
    number = 1 + sum(one.split(",")[2:] in ([], [facts["event"]]) for one in letter.before)
    return description(facts, language, letter.zone, notice=is_notice, number=number)


def _about(letter: Letter, language: Language) -> str:
    key = f"body-{form_of(letter)}"
    made = instant(letter.made, language, letter.zone)
    return say(language, key, sender=clean(letter.sender), made=made)


def _closing(letter: Letter, language: Language) -> list[str]:
    found = []
    if letter.form is MessageForm.SINGLE:
        facts = letter.facts[0]
        found.append(say(language, "next", instruction=steps(facts, language)))
        found += links(facts["links"], _EVENT_LINKS, language)
    elif letter.form in LISTS:
        if letter.more:
            untold = say(language, "more", count=letter.more)
            found.append("\n".join((untold, _where_all_is(letter))))
        found.append(say(language, "limits"))
    found += links(letter.links or {}, ("confirm", "code", "receiver", "unsubscribe"), language)
    if letter.home:
        found += links({"home": letter.home}, ("home",), language)
    found.append(
        say(
            language,
            "footer",
            id=clean(letter.id),
            sender=clean(letter.sender),
            made=instant(letter.made, language, letter.zone),
        )
    )
    mark = mark_of(language, mode_of(letter))
    return [*found, mark] if mark else found

"""The catalogues of words, one file of Fluent for each language."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

from fluent.runtime import FluentBundle, FluentResource

from hearthwatch.records import Language, Mode

LOCALES = {Language.ENGLISH: "en_GB", Language.FRENCH: "fr", Language.ARABIC: "ar"}
"""By which of CLDR's rules numbers, plurals and dates are written."""

MOST_CHARACTERS = 2_000
"""Of one text that a detector or a person wrote; what is longer is cut with three dots."""

FSI, PDI = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_LATIN = re.compile(r"[A-Za-z]|[0-9].*[^0-9]")
_ARABIC = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


def say(language: Language, key: str, *, isolate: bool = True, **values: str | int) -> str:
    """Return the words of a key.

    Parameters
    ----------
    isolate : bool
        Whether values of the other direction of writing are put between Unicode isolates; not
        in an SMS, where they cost room and are often shown as boxes.
    **values
        By the names of the placeholders. A number is written and counted by the language's rules.

    Raises
    ------
    LookupError
        The catalogue has no such key, or a value that it needs is not given.
    """
    bundle = _bundle(language)
    pattern = bundle.get_message(key).value
    if pattern is None:
        raise LookupError(f"{key} has no words")
    given = {name: _placed(language, one, isolate) for name, one in values.items()}
    text, errors = bundle.format_pattern(pattern, given)
    if errors:
        raise LookupError(f"{key}: {errors[0]}")
    return str(text)


def coded(language: Language, sort: str, code: str) -> str:
    """Return the words of a code; of one that has none the code, so that no alert is lost by it."""
    key = f"{sort}-{code.replace('_', '-')}"
    return say(language, key) if _bundle(language).has_message(key) else clean(code)


def clean(text: str) -> str:
    """Return a text of others on one line.

    Without control characters and marks of direction, by which it could pass for something else.
    """
    kept = "".join(
        " " if one.isspace() or unicodedata.category(one) == "Cc" else one
        for one in text
        if unicodedata.category(one) not in ("Cs", "Cf") or one in "\u200c\u200d"
    )
    line = " ".join(kept.split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 3]}..."


def quoted(language: Language, text: str) -> str:
    """Return a sentence of others, set apart where it is written the other way."""
    return str(_placed(language, clean(text), isolate=True))


def mark_of(language: Language, mode: Mode) -> str:
    """Return what stands first and last in a text that is not about the world; else nothing."""
    return "" if mode is Mode.ACTUAL else say(language, f"mark-{mode.value}")


def marked(language: Language, mode: Mode, text: str) -> str:
    """Return a text with the mark of its mode first and last."""
    mark = mark_of(language, mode)
    return say(language, "marked", mark=mark, text=text, isolate=False) if mark else text


def _placed(language: Language, value: str | int, isolate: bool) -> str | int:
    if not isolate or not isinstance(value, str):
        return value
    other = _LATIN if language is Language.ARABIC else _ARABIC
    return f"{FSI}{value}{PDI}" if other.search(value) else value


@cache
def _bundle(language: Language) -> FluentBundle:
    # Isolates are placed above: Fluent would place them round words of the same language too.
    bundle = FluentBundle([LOCALES[language]], use_isolating=False)
    source = files("hearthwatch.alerts.words").joinpath(f"{language.value}.ftl")
    bundle.add_resource(FluentResource(source.read_text(encoding="utf-8")))
    return bundle

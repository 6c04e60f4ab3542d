"""The pages that are open without a key: on them whoever receives wants to be told, or no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from starlette.responses import HTMLResponse, Response

from hearthwatch.records import Language


class Step(StrEnum):
    """What a page is for."""

    CONFIRM = "confirm"
    CONFIRMED = "confirmed"
    LEAVE = "leave"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on a page; without words for it there is no button."""

    title: str
    text: str
    button: str = ""


PAGES: Mapping[Language, Mapping[Step, Words]] = {
    Language.ENGLISH: {
        Step.CONFIRM: Words(
            "Do you want to receive alerts?",
            "Somebody asked that alerts be sent to you. Press the button if you want that; "
            "otherwise do nothing.",
            "Yes, send me alerts",
        ),
        Step.CONFIRMED: Words("You will receive alerts.", "You can close this page."),
        Step.LEAVE: Words(
            "Do you want no more alerts?",
            "Press the button, and nothing more is sent to you.",
            "Send me nothing more",
        ),
        Step.LEFT: Words("Nothing more is sent to you.", "You can close this page."),
    },
    Language.FRENCH: {
        Step.CONFIRM: Words(
            "Voulez-vous recevoir des alertes ?",
            "On demande que des alertes vous soient envoyées. Si vous le voulez, appuyez sur le "
            "bouton ; sinon, ne faites rien.",
            "Oui, envoyez-moi des alertes",
        ),
        Step.CONFIRMED: Words("Vous recevrez des alertes.", "Vous pouvez fermer cette page."),
        Step.LEAVE: Words(
            "Ne voulez-vous plus d'alertes ?",
            "Appuyez sur le bouton, et plus rien ne vous sera envoyé.",
            "Ne m'envoyez plus rien",
        ),
        Step.LEFT: Words("Plus rien ne vous sera envoyé.", "Vous pouvez fermer cette page."),
    },
    Language.ARABIC: {
        Step.CONFIRM: Words(
            "هل تريدون تلقّي تنبيهات؟",
            "طُلب إرسال تنبيهات إليكم. إن أردتم ذلك فاضغطوا الزر، وإلا فلا تفعلوا شيئًا.",
            "نعم، أرسلوا إليّ التنبيهات",
        ),
        Step.CONFIRMED: Words("ستصلكم التنبيهات.", "يمكنكم إغلاق هذه الصفحة."),
        Step.LEAVE: Words(
            "ألا تريدون تنبيهات بعد الآن؟",
            "اضغطوا الزر فلا يُرسل إليكم شيء بعد ذلك.",
            "لا ترسلوا إليّ شيئًا بعد الآن",
        ),
        Step.LEFT: Words("لن يُرسل إليكم شيء بعد الآن.", "يمكنكم إغلاق هذه الصفحة."),
    },
}


_STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;padding:1rem;font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "main{max-width:36rem;margin:0 auto}"
    "h1{font-size:1.4rem;line-height:1.25}h2{font-size:1.1rem}"
    "textarea,input{box-sizing:border-box;display:block;width:100%;padding:.5rem;font:inherit}"
    "button{min-height:2.75rem;padding:.5rem 1rem;font:inherit}"
    ".buttons{display:grid;gap:.75rem}"
)


def open_page(title: str, inside: str, language: Language, *, status: int = 200) -> Response:
    """Return a page for whoever shows no key, in their language and its direction.

    Parameters
    ----------
    inside : str
        What stands under the title, as HTML.
    """
    direction = "rtl" if language is Language.ARABIC else "ltr"
    page = (
        f'<!doctype html><html lang="{language.value}" dir="{direction}">'
        '<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{inside}</main></body></html>"
    )
    return HTMLResponse(page, status, headers={"Content-Language": language.value})


def answer_page(step: Step, language: Language, address: str = "") -> Response:
    """Return a page.

    Parameters
    ----------
    address : str
        Where its button posts to.
    """
    said = PAGES[language][step]
    form = (
        f'<form method="post" action="{escape(address)}"><button>{escape(said.button)}</button>'
        "</form>"
        if said.button
        else ""
    )
    return open_page(said.title, f"<p>{escape(said.text)}</p>{form}", language)


def asked_for(accepted: str) -> Language:
    """Return the language that `Accept-Language` likes best; English where it names none of ours.

    Parameters
    ----------
    accepted : str
        The header as it came, or nothing.
    """
    liked: list[tuple[float, Language]] = []
    for one in accepted[:1000].split(","):
        name, _, weight = one.strip().partition(";")
        code = name.strip().lower().partition("-")[0]
        share = _share(weight)
        if code in set(Language) and share > 0.0:
            liked.append((share, Language(code)))
    # Of those liked alike the first.
    return max(liked, key=lambda each: each[0], default=(0.0, Language.ENGLISH))[1]


def _share(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0

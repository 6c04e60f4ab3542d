"""The pages on which a contact of the response network says what it will do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from starlette.responses import Response

from api.answer_pages import open_page
from hearthwatch.records import Answer, Language


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands on the pages in one language.

    Attributes
    ----------
    others : str
        Title of the list of who was told.
    told : str
        One of that list, with ``name`` and ``state``.
    standing : mapping
        What is said of each who answered; it is what messages say too.
    silent : str
        What is said of any other.
    """

    title: str
    text: str
    words: str
    to: str
    buttons: Mapping[Answer, str]
    done: str
    close: str
    others: str
    told: str
    standing: Mapping[Answer, str]
    silent: str
    refused: str
    again: str


ASKED: Mapping[Language, Asked] = {
    Language.ENGLISH: Asked(
        title="What will you do?",
        text="You were told of an event. Say what you will do: others are told if you cannot.",
        words="What else should be known",
        to="Handed over to",
        buttons={
            Answer.RECEIVED: "We have received it",
            Answer.TAKEN_CHARGE: "We take charge",
            Answer.DECLINED: "We cannot do anything",
            Answer.HANDED_OVER: "We hand it over",
        },
        done="It is written down.",
        close="You can close this page, or come back to answer anew.",
        others="Who was told",
        told="{name}: {state}",
        standing={
            Answer.RECEIVED: "received",
            Answer.TAKEN_CHARGE: "has taken charge",
            Answer.DECLINED: "declined",
            Answer.HANDED_OVER: "handed over",
        },
        silent="no answer yet",
        refused="Your answer was not written down.",
        again="The link is too old, is not whole, or was not sent to you. Open it again as it was "
        "sent, or say by telephone what you will do.",
    ),
    Language.FRENCH: Asked(
        title="Que ferez-vous ?",
        text="Un événement vous a été signalé. Dites ce que vous ferez : si vous ne pouvez rien "
        "faire, d'autres en seront informés.",
        words="Ce qu'il faut savoir d'autre",
        to="Transmis à",
        buttons={
            Answer.RECEIVED: "Nous l'avons reçu",
            Answer.TAKEN_CHARGE: "Nous prenons l'événement en charge",
            Answer.DECLINED: "Nous ne pouvons rien faire",
            Answer.HANDED_OVER: "Nous le transmettons",
        },
        done="Votre réponse est notée.",
        close="Vous pouvez fermer cette page, ou y revenir pour répondre de nouveau.",
        others="Qui a été informé",
        told="{name} : {state}",
        standing={
            Answer.RECEIVED: "message reçu",
            Answer.TAKEN_CHARGE: "a pris l'événement en charge",
            Answer.DECLINED: "a décliné",
            Answer.HANDED_OVER: "a transmis à une autre organisation",
        },
        silent="pas encore de réponse",
        refused="Votre réponse n'a pas été notée.",
        again="Le lien est trop ancien, incomplet, ou ne vous a pas été envoyé. Ouvrez-le de "
        "nouveau tel qu'il vous a été envoyé, ou dites par téléphone ce que vous ferez.",
    ),
    Language.ARABIC: Asked(
        title="ماذا ستفعلون؟",
        text="أُبلغتم بحدث. قولوا ما ستفعلونه: إن لم يكن بوسعكم فعل شيء أُبلغ غيركم.",
        words="ما ينبغي أن يُعرف أيضًا",
        to="الجهة المُحال إليها",
        buttons={
            Answer.RECEIVED: "استلمنا الرسالة",
            Answer.TAKEN_CHARGE: "نتولّى الأمر",
            Answer.DECLINED: "لا يمكننا فعل شيء",
            Answer.HANDED_OVER: "نحيل الأمر إلى جهة أخرى",
        },
        done="دُوّن ردّكم.",
        close="يمكنكم إغلاق هذه الصفحة، أو العودة إليها لتردّوا من جديد.",
        others="من أُبلغ",
        told="{name}: {state}",
        standing={
            Answer.RECEIVED: "استلمت الرسالة",
            Answer.TAKEN_CHARGE: "تولّت الأمر",
            Answer.DECLINED: "اعتذرت عن تولّي الأمر",
            Answer.HANDED_OVER: "أحالت الأمر إلى جهة أخرى",
        },
        silent="لا رد حتى الآن",
        refused="لم يُدوَّن ردّكم.",
        again="هذا الرابط قديم أو ناقص، أو لم يُرسل إليكم. افتحوه من جديد كما أُرسل إليكم، "
        "أو أبلغوا هاتفيًا بما ستفعلونه.",
    ),
}


def asking_page(language: Language, address: str) -> Response:
    """Return the page with a button for every answer.

    Parameters
    ----------
    address : str
        Where its buttons post to.
    """
    said = ASKED[language]
    buttons = "".join(
        f'<button name="answer" value="{one.value}">{escape(words)}</button>'
        for one, words in said.buttons.items()
    )
    inside = (
        f'<p>{escape(said.text)}</p><form method="post" action="{escape(address)}">'
        # Enter in a field presses the first button: of the four nobody presses one unawares.
        "<button disabled hidden></button>"
        f'<p><label>{escape(said.words)}<textarea name="words" rows="4" maxlength="4000" '
        'dir="auto"></textarea></label></p>'
        f'<p><label>{escape(said.to)}<input name="to" maxlength="200" dir="auto"></label></p>'
        f'<p class="buttons">{buttons}</p></form>'
    )
    return open_page(said.title, inside, language)


def answered_page(language: Language, told: Iterable[Mapping[str, Any]]) -> Response:
    """Return the page that says that it is written down, and how others stand.

    Parameters
    ----------
    told : iterable of mapping
        ``name`` and ``state`` of each who was told.
    """
    said = ASKED[language]
    states = {one.value: words for one, words in said.standing.items()}
    lines = "".join(
        "<li>"
        + said.told.format(
            name=f"<bdi>{escape(one['name'])}</bdi>",
            state=escape(states.get(one["state"], said.silent)),
        )
        + "</li>"
        for one in told
    )
    others = f"<h2>{escape(said.others)}</h2><ul>{lines}</ul>"
    return open_page(said.done, f"<p>{escape(said.close)}</p>{others}", language)


def refused_page(language: Language) -> Response:
    """Return the page that says that nothing was written down; it is the same whatever is wrong."""
    said = ASKED[language]
    return open_page(said.refused, f"<p>{escape(said.again)}</p>", language, status=404)

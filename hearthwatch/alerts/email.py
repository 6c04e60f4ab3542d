"""E-mail by SMTP: plain text first, over TLS, to one receiver at a time."""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal

import idna

from hearthwatch.alerts import words
from hearthwatch.alerts.channel import DeliveryFailed, Letter, Parcel, Receipt
from hearthwatch.alerts.pictures import CAPTION, MOST_CAPTION_BYTES, wish_of
from hearthwatch.errors import AlertError, SettingsError
from hearthwatch.records import Language
from hearthwatch.settings import Settings
from imagery.errors import ImageryError
from imagery.net.credentials import Credentials

MOST_TEXT_BYTES = 20_000
"""Of the plain text; what is more is cut with a line that says so."""
PICTURE = "before-after.png"
"""What every picture is called: the name of a file is shown, logged and kept."""
TIMEOUT_S = 30.0
"""For one answer of the mail server."""
WHOLE_S = 120.0
"""For the whole exchange, against a server that sends a byte now and then."""

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_ID = re.compile(r"[A-Za-z0-9._-]{1,120}")
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")

_OF_THE_TEXT = ("DATA", "the text")
_TOO_LARGE = 552

Tls = Literal["starttls", "implicit"]


@dataclass(frozen=True, slots=True)
class Server:
    """The mail server that takes messages and passes them on.

    Attributes
    ----------
    tls : str
        ``starttls``: in clear until both sides agreed on TLS, and nothing is sent without it;
        ``implicit``: TLS from the first byte.
    sender : str
        Address that messages come from.
    credentials : Path or None
        File with ``username`` and ``password``; None where the server asks for no login.
    certificates : Path or None
        File of certificates to trust instead of the system's.
    """

    host: str
    port: int
    tls: Tls
    sender: str
    credentials: Path | None = None
    certificates: Path | None = None


def server_from(settings: Settings) -> Server:
    """Return the mail server of the settings.

    Raises
    ------
    SettingsError
        If none is named, or the address of the sender cannot be used.
    """
    if settings.smtp_host is None or settings.smtp_sender is None:
        raise SettingsError(
            "No mail server is named. Set HEARTHWATCH_SMTP_HOST and HEARTHWATCH_SMTP_SENDER."
        )
    try:
        sender = usual(settings.smtp_sender)
    except AlertError as error:
        raise SettingsError(f"The setting smtp_sender cannot be used. {error}") from None
    implicit = settings.smtp_tls == "implicit"
    return Server(
        host=settings.smtp_host,
        port=settings.smtp_port or (465 if implicit else 587),
        tls=settings.smtp_tls,
        sender=sender,
        credentials=settings.smtp_credentials,
        certificates=settings.certificates,
    )


def usual(address: str) -> str:
    """Return an address in its usual form: as given before the @, the domain in ASCII after it.

    Raises
    ------
    AlertError
        It is no single address, or has a sign before the @ that not every server takes.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(local) > 64:
        raise AlertError(
            "An e-mail address is one name, an @ and a domain, such as desk@example.org. Before "
            "the @ only letters without accents, digits and . _ + - and the like can be used: not "
            "every mail server passes on others."
        )
    try:
        # By IDNA 2008, as registries do: the older rules lead some names to another owner.
        name = idna.encode(domain, uts46=True).decode("ascii").lower()
    except UnicodeError:
        name = ""
    if not _NAME.fullmatch(name) or len(local) + 1 + len(name) > 254:
        raise AlertError("The part of the e-mail address after the @ is no domain name.")
    return f"{local}@{name}"


class Email:
    """Messages by e-mail.

    Parameters
    ----------
    server : Server
        Where they are handed over.
    timeout_s : float
        For one answer of it.
    whole_s : float
        For the whole exchange.
    """

    def __init__(
        self, server: Server, *, timeout_s: float = TIMEOUT_S, whole_s: float = WHOLE_S
    ) -> None:
        self._server = server
        self._timeout_s = timeout_s
        self._whole_s = whole_s

    def check(self, address: str) -> str:
        """Return an address in its usual form; raise AlertError if nothing can be sent there."""
        return usual(address)

    def render(self, letter: Letter) -> Mapping[str, Any]:
        """Return subject, text, headers, and of what a picture goes with it."""
        language, picture = letter.language, wish_of(letter)
        room = MOST_TEXT_BYTES - (MOST_CAPTION_BYTES if picture else 0)
        content: dict[str, Any] = {
            "subject": words.title(letter, language),
            "text": words.fitted(letter, language, room),
            "language": language.value,
            "date": letter.made.astimezone(UTC).isoformat(),
            "references": [name for one in letter.before if (name := _told_before(one))],
            "unsubscribe": (letter.links or {}).get("unsubscribe", ""),
            "picture": picture,
        }
        return content

    def deliver(self, parcel: Parcel) -> Receipt:
        """Hand a message over to the mail server.

        Raises
        ------
        DeliveryFailed
            It was not taken; or, where the connection was lost at the end, may have been. It is
            sent again under the same Message-ID, by which mailboxes know it.
        """
        server = self._server
        message = message_of(parcel, server.sender)
        # Seven bits: it passes through servers without 8BITMIME, and no signature breaks.
        raw = message.as_bytes(policy=AS_SENT)
        with self._connected() as smtp:
            _said("MAIL", smtp.mail(server.sender, _options(smtp, raw)), refusal=False)
            _said("RCPT", smtp.rcpt(parcel.address), refusal=True)
            status = _data(smtp, raw)
        what = " with its picture" if parcel.picture else ""
        return Receipt(status, f"taken by the mail server{what}")

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """Open a connection that is encrypted and logged in, and end it in time."""
        secret = self._secret()
        smtp: smtplib.SMTP | None = None
        try:
            smtp = self._open()
            with _ended_after(self._whole_s, smtp):
                self._greet(smtp)
                if secret is not None:
                    _logged_in(smtp, secret)
                yield smtp
                with suppress(OSError, smtplib.SMTPException):
                    smtp.quit()
        except (OSError, smtplib.SMTPException) as error:
            # Without its words: those of servers repeat addresses.
            raise _failed(error) from None
        finally:
            if smtp is not None:
                smtp.close()

    def _secret(self) -> Credentials | None:
        if self._server.credentials is None:
            return None
        try:
            return Credentials.read(self._server.credentials)
        except ImageryError as error:
            raise DeliveryFailed(f"The login of the mail server: {error}") from None

    def _open(self) -> smtplib.SMTP:
        server = self._server
        # The name in the greeting: else smtplib looks this machine's own up and tells it.
        name = server.sender.rpartition("@")[2]
        if server.tls == "implicit":
            return smtplib.SMTP_SSL(
                server.host,
                server.port,
                name,
                timeout=self._timeout_s,
                context=self._context(),
            )
        return smtplib.SMTP(server.host, server.port, name, timeout=self._timeout_s)

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._server.tls == "implicit":
            return
        if not smtp.has_extn("starttls"):
            raise DeliveryFailed("The mail server offers no STARTTLS; nothing was sent in clear.")
        code, _ = smtp.starttls(context=self._context())
        if code != 220:
            raise DeliveryFailed(
                "The mail server refused STARTTLS; nothing was sent in clear.", status=code
            )
        smtp.ehlo()

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self._server.certificates)
        except OSError:
            raise DeliveryFailed("The file of the setting certificates cannot be read.") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


_WORDS = frozenset({"Subject", "Content-Description"})
"""Headers that are words for people, and may be folded at any space."""


class _Seven(EmailPolicy):
    """Writes headers in ASCII, and words so that nothing of them is lost where they are folded.

    The library drops spaces between its own encoded words. And what is a little too long for the
    line of its name it puts on the next one: programs that look at the first show no subject.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header as it is sent."""
        text = str(value)
        if text.isascii() and name not in _WORDS:
            return super().fold_binary(name, value)
        charset = "us-ascii" if text.isascii() else "utf-8"
        folded = Header(text, charset, header_name=name).encode(linesep="\r\n")
        return f"{name}: {folded}\r\n".encode("ascii")


AS_SENT = _Seven(linesep="\r\n", cte_type="7bit")
"""How a message is written out."""


def message_of(parcel: Parcel, sender: str) -> EmailMessage:
    """Return a message as it goes out.

    Raises
    ------
    DeliveryFailed
        What was stored holds a line break where a header would be; it is never sent.
    """
    content, domain = parcel.content, sender.rpartition("@")[2]
    picture = content.get("picture") or {}
    message = EmailMessage(policy=SMTP)
    headers = {
        "Date": format_datetime(datetime.fromisoformat(content["date"])),
        "From": sender,
        "To": parcel.address,
        "Subject": content["subject"],
        "Message-ID": _message_id(parcel.id, domain),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    headers |= _thread(content["references"], domain) | _unsubscribe(content["unsubscribe"])
    # Base64 takes least room for Arabic; the others stay readable as they are sent.
    arabic = content["language"] == Language.ARABIC.value
    message.set_content(
        "\n\n".join(filter(None, (content["text"], picture.get(CAPTION)))) + "\n",
        charset="utf-8",
        cte="base64" if arabic else "quoted-printable",
    )
    try:
        # Now: whatever is about the content would have been taken away with what was there before.
        for name, value in {**headers, "Content-Language": content["language"]}.items():
            message[name] = value
    except ValueError:
        raise DeliveryFailed("A header would hold a line break.", retryable=False) from None
    if parcel.picture is not None:
        _attach(message, parcel.picture, picture["alt"], parcel.id)
    return message


def _attach(message: EmailMessage, picture: bytes, alt: str, name: str) -> None:
    """Attach a picture after the text, so that every attempt has the same bytes."""
    message.add_attachment(picture, maintype="image", subtype="png", filename=PICTURE)
    *_, part = message.iter_parts()
    part["Content-Description"] = alt
    # Else drawn by lot at each attempt. Neither encoding of the text can hold "=_".
    message.set_boundary(f"=_{hashlib.sha256(name.encode()).hexdigest()[:40]}")


def _message_id(name: str, domain: str) -> str:
    if not _ID.fullmatch(name):
        raise DeliveryFailed("The message's id cannot stand in a header.", retryable=False)
    return f"<{name}@{domain}>"


def _thread(before: Sequence[str], domain: str) -> dict[str, str]:
    """Return the headers by which mail programs lay messages about an event together."""
    told = [f"<{one}@{domain}>" for one in before]
    if not told:
        return {}
    # The first and the newest: a header of a hundred ids is refused by some.
    kept = told if len(told) <= 10 else [told[0], *told[-9:]]
    return {"In-Reply-To": told[-1], "References": " ".join(kept)}


def _unsubscribe(link: str) -> dict[str, str]:
    """Return the headers of RFC 8058, which allows nothing but https."""
    if not re.fullmatch(r"https://[!-;=?-~]+", link):
        return {}
    return {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _told_before(before: str) -> str:
    """Return the id of an earlier message; none that could not stand in a header."""
    name = before.partition(",")[0]
    return name if _ID.fullmatch(name) else ""


def _options(smtp: smtplib.SMTP, raw: bytes) -> list[str]:
    return [f"size={len(raw)}"] if smtp.has_extn("size") else []


def _said(verb: str, answer: tuple[int, bytes], *, refusal: bool) -> None:
    """Go on if the server agreed.

    Parameters
    ----------
    refusal : bool
        Whether a 5xx is about the receiver or the text, and so for good; else it is about us,
        and another attempt may succeed once that is put right.
    """
    code, text = answer
    if 200 <= code < 300:
        return
    # Of the size it is told with MAIL; the text is what attachments are refused with.
    too_much = 500 <= code < 600 if verb in _OF_THE_TEXT else code == _TOO_LARGE
    found = _ENHANCED.match(text or b"")
    enhanced = f" {found[0].decode('ascii')}" if found else ""
    raise DeliveryFailed(
        f"The mail server answered {code}{enhanced} to {verb}.",
        status=max(code, 0),
        retryable=not (refusal and 500 <= code < 600),
        too_much=too_much,
    )


def _data(smtp: smtplib.SMTP, raw: bytes) -> int:
    """Send the text; a connection that is lost here may have been lost after it was taken."""
    try:
        code, answer = smtp.data(raw)
    except smtplib.SMTPDataError as error:
        text = error.smtp_error
        _said("DATA", (error.smtp_code, text if isinstance(text, bytes) else b""), refusal=True)
        raise
    except (OSError, smtplib.SMTPException):
        raise DeliveryFailed(
            "The connection was lost while the text was handed over: it may have been taken.",
            too_much=True,
        ) from None
    _said("the text", (code, answer), refusal=True)
    return code


def _logged_in(smtp: smtplib.SMTP, secret: Credentials) -> None:
    try:
        smtp.login(secret.name, secret.secret)
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryFailed("The mail server refused the login.", status=error.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise DeliveryFailed(
            "The mail server takes no login; take smtp_credentials out of the settings."
        ) from None


def _failed(error: Exception) -> DeliveryFailed:
    """Return what went wrong before anything was handed over; another attempt may succeed."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code == _HAS_EXPIRED:
        return DeliveryFailed("The certificate of the mail server has expired.")
    for kind, told in _TOLD.items():
        if isinstance(error, kind):
            code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
            return DeliveryFailed(f"{told}.", status=max(int(code), 0))
    return DeliveryFailed("The mail server could not be spoken with.")


_HAS_EXPIRED = 10
"""Code of OpenSSL for a certificate whose time is over."""
_TOLD: Mapping[type[Exception], str] = {
    ssl.SSLCertVerificationError: "The certificate of the mail server is not valid for its name",
    ssl.SSLError: "No TLS came about with the mail server",
    TimeoutError: "The mail server did not answer in time",
    socket.gaierror: "The name of the mail server could not be found",
    ConnectionRefusedError: "The mail server refused the connection",
    smtplib.SMTPServerDisconnected: "The mail server ended the connection",
    smtplib.SMTPConnectError: "The mail server wants no connection now",
    smtplib.SMTPHeloError: "The mail server did not take the greeting",
    smtplib.SMTPResponseException: "The mail server refused",
    OSError: "The mail server could not be reached",
}
"""What is told of an error, the narrower kinds first."""


@contextmanager
def _ended_after(seconds: float, smtp: smtplib.SMTP) -> Iterator[None]:
    """End a connection after so many seconds, whatever it is doing."""

    def end() -> None:
        with suppress(OSError):
            if smtp.sock is not None:
                smtp.sock.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds, end)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()

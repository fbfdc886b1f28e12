"""The post office of the market: takes our bytes, and lets its people answer, bounce, stay away or opt out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from typing import TypeVar

from core.clock import Clock
from tools.ports import Envelope, InboundMail, LookupResult, SendOutcome, SendResult, Unknown
from world.chance import Chance
from world.replies import AWAY, KINDS, TEXTS
from world.truth import Company, Person

# The share of answers at the first, second and later mails of a thread, relative to each other.
_BY_TOUCH = (1.0, 0.7, 0.45)
_LIST_UNSUBSCRIBE_CLICK = 0.004  # presses the mail client's own unsubscribe button
_PICKS_A_SLOT = 0.82
_BOOKING_LINK = re.compile(r"https?://\S+/b/\S+")
_UNSUBSCRIBE = re.compile(r"<(https?://[^>]+)>")


@dataclass(frozen=True, slots=True)
class SlotChoice:
    """Somebody presses one of the links to a proposed time."""

    at: datetime
    link: str


@dataclass(frozen=True, slots=True)
class OneClick:
    """Somebody presses unsubscribe in their mail client: a POST by RFC 8058."""

    at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class _Due:
    at: datetime
    raw: bytes


_Clicked = TypeVar("_Clicked", SlotChoice, OneClick)


class PostOffice:
    """Transport and inbox of every mailbox in one. What happens to a mail depends on that mail alone."""

    name = "world"

    def __init__(self, companies: Sequence[Company], chance: Chance, clock: Clock) -> None:
        self._people = {p.email: (c, p) for c in companies for p in c.people}
        self._chance = chance
        self._clock = clock
        self._accepted: set[str] = set()
        self._touches: dict[str, int] = {}
        self._answered: set[str] = set()
        self._incoming: list[_Due] = []
        self._slots: list[SlotChoice] = []
        self._one_clicks: list[OneClick] = []
        self.sent: list[tuple[datetime, str]] = []  # what a court would look at: when, to whom

    # ---- MailTransport

    def send(self, envelope: Envelope) -> SendResult:
        if envelope.message_id in self._accepted:
            return SendResult(SendOutcome.SENT, "250 duplicate of an accepted mail", "250")
        self._accepted.add(envelope.message_id)
        self.sent.append((self._clock.now(), envelope.recipient))
        known = self._people.get(envelope.recipient)
        if known is None:
            return SendResult(SendOutcome.REJECTED, "550 5.1.1 no such user here", "5.1.1")
        mail = message_from_bytes(envelope.mime, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self._react(*known, mail, envelope)
        return SendResult(SendOutcome.SENT, "250 accepted", "250")

    def lookup(self, message_id: str) -> LookupResult:
        return LookupResult.FOUND if message_id in self._accepted else LookupResult.NOT_FOUND

    def close(self) -> None:
        return

    # ---- Inbox

    def fetch(self, after_uid: str | None, limit: int) -> Sequence[InboundMail] | Unknown:
        """One shared inbox; its uid is the number of mails handed out so far."""
        start = int(after_uid or 0)
        now = self._clock.now()
        ordered = sorted(self._incoming, key=lambda due: (due.at, due.raw))
        ready = [due for due in ordered if due.at <= now]
        return [InboundMail(str(n + 1), due.raw, due.at) for n, due in enumerate(ready)][start : start + limit]

    # ---- what people do with the mouse

    def slot_choices(self) -> list[SlotChoice]:
        return self._take(self._slots)

    def one_clicks(self) -> list[OneClick]:
        return self._take(self._one_clicks)

    def _take(self, waiting: list[_Clicked]) -> list[_Clicked]:
        ready = sorted((x for x in waiting if x.at <= self._clock.now()), key=lambda x: (x.at, repr(x)))
        waiting[:] = [x for x in waiting if x.at > self._clock.now()]
        return ready

    # ---- reactions

    def _react(self, company: Company, person: Person, mail: EmailMessage, envelope: Envelope) -> None:
        now, key = self._clock.now(), envelope.message_id
        text = _plain(mail)
        if not person.mailbox_exists:
            self._post(now + timedelta(minutes=2), _bounce(mail, envelope, now))
            return
        if person.away and person.away[0] <= now.date() <= person.away[1]:
            self._post(now + timedelta(minutes=1), self._away(company, person, mail, now))
            return
        links = _BOOKING_LINK.findall(text)
        if links:
            if self._chance.happens(_PICKS_A_SLOT, "slot", key):
                hours = self._chance.between(1, 30, "slot hours", key)
                link = self._chance.pick(links[:3], "slot link", key)
                self._slots.append(SlotChoice(now + timedelta(hours=hours), link.rstrip(".,)>")))
            return
        if mail.get_content_type() == "text/calendar" or "BEGIN:VCALENDAR" in text or person.email in self._answered:
            return
        touch = self._touches.get(person.email, 0)
        self._touches[person.email] = touch + 1
        if self._chance.happens(_LIST_UNSUBSCRIBE_CLICK, "one-click", key):
            found = _UNSUBSCRIBE.search(mail.get("List-Unsubscribe", ""))
            if found:
                self._one_clicks.append(OneClick(now + timedelta(hours=1), found.group(1)))
                self._answered.add(person.email)
            return
        if self._chance.happens(self._answer_rate(company, person, touch, text), "answers", key):
            self._answered.add(person.email)
            self._answer(company, person, mail, now, key)

    def _answer_rate(self, company: Company, person: Person, touch: int, text: str) -> float:
        """Hidden. Need, say in the matter and temper count; so does a mail that knows something true of them."""
        personal = 1.25 if company.name in text else 0.8
        base = 0.01 + 0.3 * company.propensity * (0.3 + 0.7 * person.decides) * (0.4 + person.responsiveness)
        return min(0.6, base * personal * _BY_TOUCH[min(touch, 2)])

    def _answer(self, company: Company, person: Person, mail: EmailMessage, now: datetime, key: str) -> None:
        kinds = KINDS[person.style]
        if company.need > 0.6 and person.decides > 0.5:
            kinds = (*kinds, ("interested", 0.5))
        kind = self._chance.weighted(kinds, "kind", key)
        text = self._chance.pick(TEXTS[kind], "text", key)
        _, sender = parseaddr(str(mail["From"]))
        rep = parseaddr(str(mail["From"]))[0].split(" ")[0] or "there"
        reply = EmailMessage()
        reply["From"] = f"{person.full_name} <{person.email}>"
        reply["To"] = sender
        reply["Subject"] = _re(str(mail["Subject"]))
        reply["In-Reply-To"] = str(mail["Message-ID"])
        reply["References"] = str(mail["Message-ID"])
        at = now + timedelta(hours=self._chance.between(0.3, 40, "hours", key))
        reply["Date"] = format_datetime(at)
        reply["Message-ID"] = f"<reply-{_digest(key)}@{company.domain}>"
        quoted = "\n".join(f"> {line}" for line in _plain(mail).splitlines()[:6])
        words = text.format(rep=rep, me=person.full_name.split(" ")[0])
        reply.set_content(f"{words}\n\nOn {mail['Date']}, {sender} wrote:\n{quoted}\n")
        self._post(at, reply.as_bytes())

    def _away(self, company: Company, person: Person, mail: EmailMessage, now: datetime) -> bytes:
        language = {"DE": "de", "FR": "fr"}.get(company.country, "en")
        subject, body = AWAY[language]
        assert person.away is not None
        reply = EmailMessage()
        reply["From"] = f"{person.full_name} <{person.email}>"
        reply["To"] = parseaddr(str(mail["From"]))[1]
        reply["Subject"] = subject.format(subject=mail["Subject"])
        reply["Auto-Submitted"] = "auto-replied"
        reply["In-Reply-To"] = str(mail["Message-ID"])
        reply["Date"] = format_datetime(now)
        reply["Message-ID"] = f"<away-{_digest(str(mail['Message-ID']))}@{company.domain}>"
        reply.set_content(body.format(back=(person.away[1] + timedelta(days=1)).isoformat()))
        return reply.as_bytes()

    def _post(self, at: datetime, raw: bytes) -> None:
        self._incoming.append(_Due(at, raw))


def _bounce(mail: EmailMessage, envelope: Envelope, now: datetime) -> bytes:
    """A delivery status notification, RFC 3464."""
    domain = envelope.recipient.rpartition("@")[2]
    boundary = f"dsn-{_digest(envelope.message_id)}"
    return (
        f"From: Mail Delivery System <MAILER-DAEMON@{domain}>\r\n"
        f"To: {envelope.sender}\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\n"
        f"Date: {format_datetime(now)}\r\n"
        f"Message-ID: <{boundary}@{domain}>\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"\r\n\r\n'
        f"--{boundary}\r\nContent-Type: text/plain\r\n\r\n"
        f"<{envelope.recipient}>: host mx.{domain} said: 550 5.1.1 no such user here\r\n"
        f"--{boundary}\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.{domain}\r\n\r\n"
        f"Final-Recipient: rfc822; {envelope.recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user here\r\n"
        f"--{boundary}\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {envelope.message_id}\r\nSubject: {mail['Subject']}\r\n"
        f"--{boundary}--\r\n"
    ).encode()


def _plain(mail: EmailMessage) -> str:
    part = mail.get_body(preferencelist=("plain",))
    return part.get_content() if part is not None else ""


def _re(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]

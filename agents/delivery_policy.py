"""What follows from each verdict of a server: one table. The dispatcher obeys it; a page, the CLI and docs show it.

Nothing here suppresses a person but the one verdict that is about the person's address. Whatever is our fault waits,
with the same bytes, until it is mended.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tools.mail.verdicts import Verdict


class Closes(StrEnum):
    """What sends nothing more for a while."""

    NOTHING = "nothing"
    MAILBOX = "mailbox"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Rule:
    """`first_wait` doubles with each attempt up to `longest_wait`; None: the mail is not tried again.

    `closed_for`: of the mailbox or domain; None: until a person lifts it. `counts`: the attempt counts against the
    mail. `alert`: its level, "" for none. `brakes`: it counts towards the share at which a mailbox is braked.
    """

    verdict: Verdict
    means: str
    does: str
    first_wait: timedelta | None = None
    longest_wait: timedelta = timedelta(hours=6)
    counts: bool = True
    closes: Closes = Closes.NOTHING
    closed_for: timedelta | None = None
    alert: str = ""
    brakes: bool = False
    suppresses: bool = False


_TABLE = (
    Rule(
        Verdict.DEFERRED,
        "Not now, and nobody's fault: a busy server, greylisting.",
        "The same bytes again after 2 minutes, then twice as long each time, up to 6 hours.",
        first_wait=timedelta(minutes=2),
    ),
    Rule(
        Verdict.FULL,
        "Their mailbox holds no more.",
        "Again after 6 hours: a full mailbox is seldom emptied sooner. Nobody is suppressed; strikes are counted.",
        first_wait=timedelta(hours=6),
        longest_wait=timedelta(hours=12),
    ),
    Rule(
        Verdict.QUOTA,
        "We send more, or faster, than the server takes.",
        "The mailbox rests an hour; it is not the mail's fault, so the attempt does not count.",
        first_wait=timedelta(hours=1),
        counts=False,
        closes=Closes.MAILBOX,
        closed_for=timedelta(hours=1),
        alert="warning",
    ),
    Rule(
        Verdict.BLOCKED,
        "They refuse us: reputation, a blocklist, what our mails hold.",
        "The mailbox stops until a person lifts it: each further try makes the reputation worse.",
        first_wait=timedelta(minutes=5),
        counts=False,
        closes=Closes.MAILBOX,
        alert="critical",
        brakes=True,
    ),
    Rule(
        Verdict.UNPROVEN,
        "Our domain does not prove itself: SPF, DKIM, DMARC, or the name of the sending address.",
        "All mailboxes of the domain stop until a person lifts it: every one of them fails in the same way.",
        first_wait=timedelta(minutes=5),
        counts=False,
        closes=Closes.DOMAIN,
        alert="critical",
        brakes=True,
    ),
    Rule(
        Verdict.AUTH,
        "Our own server does not let us in: sign-in, encryption, settings.",
        "The mailbox is paused with the server's words until its settings are mended and a person resumes it.",
        first_wait=timedelta(0),
        counts=False,
        closes=Closes.MAILBOX,
        alert="critical",
    ),
    Rule(
        Verdict.TRANSPORT,
        "No server could be reached, or it broke off before it had the mail.",
        "The same bytes again after 2 minutes, then twice as long each time, up to 6 hours.",
        first_wait=timedelta(minutes=2),
    ),
    Rule(
        Verdict.NO_SUCH_PERSON,
        "The address or its domain does not exist.",
        "The mail has failed; the address is never written to again and its leads stop.",
        brakes=True,
        suppresses=True,
    ),
    Rule(
        Verdict.REFUSED,
        "This one mail alone is refused: too large, not to be read.",
        "The mail has failed; a person gets a task. Nobody is suppressed.",
    ),
    Rule(
        Verdict.COMPLAINT,
        "They called our mail spam.",
        "The address is never written to again; it counts towards the brake on complaints.",
        brakes=True,
        suppresses=True,
    ),
)
POLICY = {rule.verdict: rule for rule in _TABLE}

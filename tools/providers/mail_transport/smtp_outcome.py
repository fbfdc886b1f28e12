"""From what a server said, or failed to say, to one of five outcomes. A table with reasons; no I/O.

Two mistakes cost most: to call a refused *sender* a bad *recipient* (people are suppressed for our fault), and to
repeat a mail that may have been accepted (people get it twice).
"""

import re

from tools.ports import SendOutcome, SendResult
from tools.providers.mail_transport.smtp_session import Reply, SmtpBroken, SmtpRefused, SmtpUnfit, Stage

_FULL_MAILBOX_RETRY_SECONDS = 6 * 3600  # a full mailbox is rarely emptied sooner

# RFC 4954 §6: the server wants a (better) sign-in. Ours to mend, whatever the stage.
_AUTH_CODES = frozenset({530, 534, 535, 538})
# Servers that give no enhanced status: words that say the sender is refused and not the recipient.
_OUR_FAULT = re.compile(
    r"relay|spam|block(?:ed|list)|black ?list|reputation|\bauth|policy|\bSPF\b|\bDKIM\b|\bDMARC\b|PTR|reverse dns"
    r"|sender (?:address )?(?:rejected|verif|denied)|not (?:permitted|allowed) to send",
    re.IGNORECASE,
)
_WAIT = re.compile(r"(\d{1,5})\s*(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?)\b", re.IGNORECASE)
_UNITS = {"s": 1, "m": 60, "h": 3600}
_MAX_WAIT_SECONDS = 24 * 3600


def accepted(reply: Reply) -> SendResult:
    return SendResult(SendOutcome.SENT, str(reply), reply.enhanced or str(reply.code))


def broken(fault: SmtpBroken) -> SendResult:
    if fault.stage is Stage.FINAL:
        return SendResult(
            SendOutcome.UNKNOWN,
            f"{fault.what} after the whole mail was handed over: the server may or may not have taken it.",
            f"{fault.code} after DATA",
        )
    return SendResult(
        SendOutcome.DEFERRED, f"{fault.what} at {fault.stage}; nothing was accepted.", f"{fault.code} at {fault.stage}"
    )


def unfit(fault: SmtpUnfit) -> SendResult:
    return SendResult(SendOutcome.MISCONFIGURED, str(fault), fault.code)


def refused(fault: SmtpRefused) -> SendResult:
    """4xx may be tried again; 5xx is about the recipient, or about us."""
    reply = fault.reply
    code = reply.enhanced or str(reply.code)
    detail = f"{fault.stage}: {reply}"
    if reply.code < 400:  # a yes where it has no place, 250 to DATA: nothing was handed over
        return SendResult(SendOutcome.DEFERRED, f"{detail} (not an answer to this command)", code)
    if reply.code < 500:
        return SendResult(SendOutcome.DEFERRED, detail, code, _wait(reply.text))
    if _is_full_mailbox(fault):
        return SendResult(SendOutcome.DEFERRED, detail, code, _FULL_MAILBOX_RETRY_SECONDS)
    if _is_our_fault(fault):
        return SendResult(SendOutcome.MISCONFIGURED, detail, code)
    return SendResult(SendOutcome.REJECTED, detail, code)


def _is_full_mailbox(fault: SmtpRefused) -> bool:
    status = fault.reply.enhanced
    # 552 without a status means full storage at RCPT, and a mail that is too big anywhere else.
    return status.endswith(".2.2") or (not status and fault.reply.code == 552 and fault.stage is Stage.RCPT)


def _is_our_fault(fault: SmtpRefused) -> bool:
    status, code = fault.reply.enhanced, fault.reply.code
    if code in _AUTH_CODES:
        return True
    if _too_big(fault):
        return False  # of this mail only: the mailbox is well
    if fault.stage in (Stage.CONNECT, Stage.TLS, Stage.EHLO, Stage.AUTH, Stage.RESET, Stage.MAIL):
        return True  # the recipient was not even named yet
    if status:
        # 5.7.x policy; 5.5.x protocol; 5.1.7 and 5.1.8 the sender's address (RFC 3463 §3.2).
        return status.startswith(("5.7.", "5.5.")) or status in ("5.1.7", "5.1.8")
    return code == 503 or _OUR_FAULT.search(fault.reply.text) is not None


def _too_big(fault: SmtpRefused) -> bool:
    return fault.reply.enhanced == "5.3.4" or (not fault.reply.enhanced and fault.reply.code == 552)


def _wait(text: str) -> int | None:
    """Seconds that a server asks to wait ("try again in 5 minutes"), where it says so."""
    match = _WAIT.search(text)
    if match is None:
        return None
    return min(int(match.group(1)) * _UNITS[match.group(2)[0].lower()], _MAX_WAIT_SECONDS) or None

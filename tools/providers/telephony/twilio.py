"""Texts and calls through Twilio. https://www.twilio.com/docs/messaging/api/message-resource

Neither takes a key against repetition, so a lost answer is never answered by a second call. What was taken is found
again in two ways: every report on it comes to an address of ours that holds our key, and the list of what went to a
number can be read. 429 and the code 20429 were not processed and may be repeated; so Twilio says.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from core.errors import FixConfiguration, RetryAt
from tools.ports import LookupResult, SendOutcome, SendResult
from tools.ports.telephony import OPTED_OUT, CallOut, Found, Lost, TextOut
from tools.providers.mail_transport.http_once import Answer, call_once, words
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import VendorApi, retry_after
from tools.providers.vendor.pace import Pace
from tools.webhooks.twiml import GO, REP, RING_SECONDS, reports

BASE: Final = "https://api.twilio.com"
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")
_SID: Final = re.compile(r"(?:SM|MM|CA)[0-9a-fA-F]{32}")
_NUMBER: Final = re.compile(r"\+?\d[\d\s().-]{5,}\d")  # in a sentence of Twilio's: nobody's number is kept in clear

# https://www.twilio.com/docs/api/errors
_STOPPED: Final = "21610"  # Twilio's own list of who said STOP to this number
_LATER: Final = frozenset({"20429", "14107", "21611", "63038"})  # too many requests, queue full, the day's limit
_OURS: Final = frozenset(
    {
        *("20003", "20005", "20006", "20008", "20403", "20404"),  # key, suspended account, rights, test credentials
        *("21212", "21210", "21606", "21659", "21660"),  # the sender is no number of this account, or cannot text
        *("21603", "21701", "21702", "21703", "21704", "21705"),  # no sender; the service is gone, or has no number
        "30002",
    }
)
_WAIT: Final = 60  # seconds, where Twilio says later and no time
_PAGE, _PAGES = 100, 5
_SKEW: Final = timedelta(minutes=2)  # between Twilio's clock, in whole seconds, and ours
_LOOK_SECONDS: Final = 20.0
_LONGEST_CALL: Final = 3_600
_DIRECTION: Final = "outbound"


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    account_sid: str
    secret: str = field(repr=False)  # of the API key; without one the account's auth token
    key_sid: str = ""
    sender: str = ""  # E.164
    service_sid: str = ""
    report_to: str = ""  # the address of ours that Twilio reports to, with its token; empty: it tells nothing
    base_url: str = BASE


class TwilioTelephony:
    """Thread-safe. The client is the caller's."""

    name = "twilio"

    def __init__(self, settings: TwilioSettings, wire: Wire) -> None:
        self._settings = settings
        self._wire = wire
        user = settings.key_sid or settings.account_sid
        token = b64encode(f"{user}:{settings.secret}".encode()).decode("ascii")
        self._headers = {"authorization": f"Basic {token}", "accept": "application/json"}
        self._account = f"/2010-04-01/Accounts/{settings.account_sid}"

    def send_text(self, text: TextOut) -> SendResult:
        fields: list[tuple[str, str]] = [("To", text.recipient), _sender(text.sender), ("Body", text.body)]
        if self._settings.report_to:
            fields.append(("StatusCallback", self._report_to(text.key)))
        # What was approved is what is read: no character is replaced, no link is made another one.
        fields += [("SmartEncoded", "false"), ("ValidityPeriod", str(text.valid_seconds))]
        return self._once("Messages.json", fields, "text")

    def place_call(self, call: CallOut) -> SendResult:
        if not self._settings.report_to:
            return SendResult(SendOutcome.MISCONFIGURED, "Twilio knows no address of ours to ask whom to call.", "door")
        fields: list[tuple[str, str]] = [("To", call.rep), ("From", call.sender)]
        fields += [("Twiml", _greeting(self._report_to(call.key, GO))), ("Timeout", str(RING_SECONDS))]
        fields += [("TimeLimit", str(_LONGEST_CALL)), ("Record", "false")]
        fields.append(("StatusCallback", self._report_to(call.key, REP)))  # of its end: the default
        return self._once("Calls.json", fields, "call")

    def find_text(self, lost: Lost) -> Found:
        since, strange = lost.tried_at - _SKEW, False
        ours = _plain(lost.body)
        for one in self._listed("Messages.json", "messages", {"To": lost.recipient}, "date_created", since):
            if one.get("sid") in lost.known or not str(one.get("direction", "")).startswith(_DIRECTION):
                continue
            if ours in _plain(str(one.get("body") or "")):  # a trial account puts a sentence of its own before it
                return Found(LookupResult.FOUND, str(one.get("sid") or ""))
            strange = True
        # Something else went there meanwhile: of another program, or ours with its words changed. A person looks.
        return Found(LookupResult.DOUBTFUL if strange else LookupResult.NOT_FOUND)

    def find_call(self, lost: Lost) -> Found:
        """A rep is in one call at a time: whatever rang them from our number since is this one."""
        since = lost.tried_at - _SKEW
        asked = {"To": lost.recipient, "From": lost.sender}
        for one in self._listed("Calls.json", "calls", asked, "date_created", since):
            if one.get("sid") not in lost.known:
                return Found(LookupResult.FOUND, str(one.get("sid") or ""))
        return Found(LookupResult.NOT_FOUND)

    def problem(self) -> str:
        try:
            self._api().get(f"{self._account}/Messages.json", {"PageSize": 1})
        except (FixConfiguration, RetryAt) as error:
            return _hidden(str(error))
        return ""

    def _once(self, resource: str, fields: list[tuple[str, str]], what: str) -> SendResult:
        got = call_once(
            self._wire,
            f"{self._settings.base_url}{self._account}/{resource}",
            content=urlencode(fields).encode("ascii"),
            headers={**self._headers, "content-type": "application/x-www-form-urlencoded"},
        )
        if isinstance(got, SendResult):
            detail = got.detail.replace("the mail", f"the {what}")
            return SendResult(got.outcome, detail, got.code)
        return self._outcome(got, what)

    def _outcome(self, answer: Answer, what: str) -> SendResult:
        body: Mapping[str, Any] = answer.body if answer.is_object else {}
        if 200 <= answer.status < 300:
            sid = str(body.get("sid") or "")
            if _SID.fullmatch(sid):
                return SendResult(SendOutcome.SENT, f"Twilio took it as {sid}.", str(answer.status), provider_id=sid)
            return self._unclear(answer, what)
        if not 400 <= answer.status < 500:
            return self._unclear(answer, what)
        code = str(body.get("code") or answer.status)
        said = words(body.get("message"))
        detail = _hidden(f"Twilio ({code}): {said or 'no reason given'}")
        if answer.status == 429 or code in _LATER:
            asked = retry_after(answer.headers, self._wire.clock)
            return SendResult(SendOutcome.DEFERRED, detail, code, round(asked) if asked is not None else _WAIT)
        if answer.status == 408:
            return SendResult(SendOutcome.DEFERRED, detail, code, _WAIT)
        if answer.status in (401, 403, 404) or code in _OURS:
            return SendResult(SendOutcome.MISCONFIGURED, detail, code)
        return SendResult(SendOutcome.REJECTED, detail, OPTED_OUT if code == _STOPPED else code)

    def _unclear(self, answer: Answer, what: str) -> SendResult:
        return SendResult(
            SendOutcome.UNKNOWN,
            f"Twilio answered {answer.status} without saying whether it took the {what}.",
            f"{answer.status} after the call",
        )

    def _listed(
        self, resource: str, key: str, asked: Mapping[str, str], dated: str, since: datetime
    ) -> Iterator[Mapping[str, Any]]:
        """What the account sent there since, the newest first, as Twilio lists it. Raises RetryAt, FixConfiguration."""
        api, path, params = self._api(), f"{self._account}/{resource}", {**asked, "PageSize": str(_PAGE)}
        for _ in range(_PAGES):
            body = api.get(path, params).body
            rows = body.get(key) if isinstance(body, Mapping) else None
            if not isinstance(rows, list):
                raise RetryAt("Twilio's list cannot be read now.")
            for row in rows:
                at = _instant(row.get(dated)) if isinstance(row, Mapping) else None
                if at is None or at >= since:  # undated: just made
                    yield row
            oldest = _instant(rows[-1].get(dated)) if rows and isinstance(rows[-1], Mapping) else None
            further = str(body.get("next_page_uri") or "")
            if not further or (oldest is not None and oldest < since):
                return
            if urlsplit(further).netloc or not further.startswith(f"{self._account}/"):
                raise RetryAt("Twilio's list goes on at an address that is not this account's.")
            path, params = further, {}
        raise RetryAt("Twilio's list is too long to be read to the end.")

    def _api(self) -> VendorApi:
        return VendorApi(
            self._wire.http,
            label="Twilio",
            base_url=self._settings.base_url,
            clock=self._wire.clock,
            pace=Pace((), monotonic=self._wire.monotonic, sleep=self._wire.sleep),
            headers=self._headers,
            deadline_seconds=_LOOK_SECONDS,
            sleep=self._wire.sleep,
            monotonic=self._wire.monotonic,
        )

    def _report_to(self, key: str, leg: str = "") -> str:
        return reports(self._settings.report_to, key, leg)


def _sender(sender: str) -> tuple[str, str]:
    return ("MessagingServiceSid", sender) if _SERVICE.fullmatch(sender) else ("From", sender)


def _greeting(go_on: str) -> str:
    answer = ElementTree.Element("Response")
    gather = ElementTree.SubElement(answer, "Gather", numDigits="1", timeout="10", action=go_on, method="POST")
    ElementTree.SubElement(gather, "Say").text = "Press any key to be put through."
    return ElementTree.tostring(answer, encoding="unicode")


def _instant(text: object) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(text)) if text else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _plain(text: str) -> str:
    return " ".join(text.split())


def _hidden(text: str) -> str:
    return _NUMBER.sub("(number)", text)

"""Twilio: texts and calls out, look-ups after a lost answer, and what its webhooks tell.

| real | made up |
|---|---|
| our client, its forms and readings; signatures, by Twilio's own vectors | Twilio, in its described shape |
"""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FixConfiguration, Forbidden, Rejected, RetryAt
from tests.support.vendors import SECRET, FakeVendor, Handler, answer, described, has_contracts
from tools.ports import LookupResult, SendOutcome, SendResult
from tools.ports.telephony import (
    OPTED_OUT,
    CallOut,
    CallReport,
    CallState,
    Lost,
    TextArrived,
    TextOut,
    TextReport,
    TextState,
)
from tools.providers.telephony.twilio import TwilioSettings, TwilioTelephony
from tools.webhooks import twilio, twiml

NOW = datetime(2026, 6, 2, 14, tzinfo=UTC)
ACCOUNT, SERVICE = "AC" + "a" * 32, "MG" + "b" * 32
TOKEN = "0123456789abcdef0123456789abcdef"
US, RECIPIENT, REP = "+12025550100", "+12025550123", "+12025550177"
ADDRESS = "https://sales.example/webhooks/twilio/token"
TEXT = TextOut("0192c1a0-0000-7000-8000-000000000001", RECIPIENT, US, "Hello Ann.\nMaya, Acme\nReply STOP to opt out.")
CALL = CallOut("0192c1a0-0000-7000-8000-000000000002", REP, US)
SID = "SM" + "1" * 32


def telephony(vendor: FakeVendor, **options: str) -> TwilioTelephony:
    given = {"sender": US, "report_to": ADDRESS} | options
    return TwilioTelephony(TwilioSettings(ACCOUNT, SECRET, **given), vendor.wire())


def message(sid: str = SID, **values: Any) -> dict[str, Any]:
    """A message as Twilio shows it."""
    shown = {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": TEXT.body,
        "date_created": "Tue, 02 Jun 2026 14:00:00 +0000",
        "date_sent": None,
        "date_updated": "Tue, 02 Jun 2026 14:00:00 +0000",
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": US,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "queued",
        "subresource_uris": {},
        "to": RECIPIENT,
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
    }
    return shown | values


def call(sid: str = "CA" + "1" * 32, **values: Any) -> dict[str, Any]:
    shown = {
        "sid": sid,
        "account_sid": ACCOUNT,
        "to": REP,
        "from": US,
        "status": "queued",
        "direction": "outbound-api",
        "date_created": "Tue, 02 Jun 2026 14:00:00 +0000",
        "date_updated": None,
        "start_time": None,
        "end_time": None,
        "duration": None,
        "price": None,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json",
        "subresource_uris": {},
    }
    return shown | values


def listed(key: str, *rows: Any, next_page: str | None = None) -> httpx2.Response:
    return answer({key: list(rows), "next_page_uri": next_page, "page": 0, "page_size": 100, "start": 0, "end": 0})


def error(status: int, code: int, said: str = "As it is said.") -> httpx2.Response:
    return answer(
        {"code": code, "message": said, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status},
        status,
    )


def sent(handler: Handler, text: TextOut = TEXT, contract: str = "") -> tuple[FakeVendor, SendResult]:
    vendor = FakeVendor(handler, contract)
    return vendor, telephony(vendor).send_text(text)


def form(request: httpx2.Request) -> dict[str, list[str]]:
    return parse_qs(request.content.decode(), keep_blank_values=True)


# ------------------------------------------------------------------------------------------------------------- out


def test_a_text_keeps_the_contract_and_says_exactly_what_was_approved() -> None:
    vendor, result = sent(lambda _: answer(message(), 201), contract="twilio")
    assert (result.outcome, result.provider_id) == (SendOutcome.SENT, SID)
    asked = form(vendor.requests[0])
    assert asked["To"] == [RECIPIENT]
    assert asked["From"] == [US]
    assert asked["Body"] == [TEXT.body]
    assert asked["SmartEncoded"] == ["false"]  # else Twilio replaces characters of its own accord
    assert asked["StatusCallback"] == [f"{ADDRESS}?item={TEXT.key}"]
    assert int(asked["ValidityPeriod"][0]) <= 900
    assert not vendor.violations, vendor.violations
    if not has_contracts():
        pytest.skip("The shared data is not here: the vendors' descriptions are in ../shared/contracts.")


def test_a_messaging_service_chooses_the_number() -> None:
    vendor = FakeVendor(lambda _: answer(message(), 201), "twilio")
    telephony(vendor).send_text(TextOut("k", RECIPIENT, SERVICE, "Hello"))
    assert form(vendor.requests[0])["MessagingServiceSid"] == [SERVICE]
    assert "From" not in form(vendor.requests[0])
    assert not vendor.violations


def test_a_call_rings_the_rep_and_names_nobody_else() -> None:
    vendor = FakeVendor(lambda _: answer(call(), 201), "twilio")
    result = telephony(vendor).place_call(CALL)
    assert result.outcome is SendOutcome.SENT
    asked = form(vendor.requests[0])
    assert (asked["To"], asked["From"], asked["Record"]) == ([REP], [US], ["false"])
    twiml_said = ElementTree.fromstring(asked["Twiml"][0])
    assert [one.tag for one in twiml_said] == ["Gather"]  # no Dial before a key is pressed
    assert twiml_said[0].get("action") == f"{ADDRESS}?item={CALL.key}&leg=go"
    assert not vendor.violations, vendor.violations


def test_without_an_address_to_ask_nobody_is_rung() -> None:
    vendor = FakeVendor(lambda _: answer(call(), 201))
    assert telephony(vendor, report_to="").place_call(CALL).outcome is SendOutcome.MISCONFIGURED
    assert vendor.requests == []


@pytest.mark.parametrize(
    ("made", "outcome", "code"),
    [
        (error(400, 21211), SendOutcome.REJECTED, "21211"),
        (error(400, 21614), SendOutcome.REJECTED, "21614"),
        (error(400, 21610), SendOutcome.REJECTED, OPTED_OUT),
        (error(400, 21408), SendOutcome.REJECTED, "21408"),  # one country, not the account
        (error(400, 21606), SendOutcome.MISCONFIGURED, "21606"),
        (error(401, 20003), SendOutcome.MISCONFIGURED, "20003"),
        (error(403, 20403), SendOutcome.MISCONFIGURED, "20403"),
        (error(404, 20404), SendOutcome.MISCONFIGURED, "20404"),
        (error(429, 20429), SendOutcome.DEFERRED, "20429"),
        (error(400, 21611), SendOutcome.DEFERRED, "21611"),
        (httpx2.Response(400, text="<html>no JSON</html>"), SendOutcome.REJECTED, "400"),
        (httpx2.Response(401), SendOutcome.MISCONFIGURED, "401"),
        (httpx2.Response(500), SendOutcome.UNKNOWN, "500 after the call"),
        (httpx2.Response(503, json={"code": 20503}), SendOutcome.UNKNOWN, "503 after the call"),
        (httpx2.Response(201, json={"sid": "not a sid"}), SendOutcome.UNKNOWN, "201 after the call"),
        (httpx2.Response(201, text="{"), SendOutcome.UNKNOWN, "201 after the call"),
        (httpx2.Response(302, headers={"location": "https://evil.example"}), SendOutcome.UNKNOWN, "302 after the call"),
    ],
)
def test_every_answer_is_one_of_five_outcomes_and_is_asked_for_once(
    made: httpx2.Response, outcome: SendOutcome, code: str
) -> None:
    vendor, result = sent(lambda _: made)
    assert (result.outcome, result.code) == (outcome, code)
    assert len(vendor.requests) == 1


def test_a_limit_is_waited_for_as_long_as_twilio_asks() -> None:
    limited = error(429, 20429)
    limited.headers["retry-after"] = "17"
    assert sent(lambda _: limited)[1].retry_after_seconds == 17
    assert sent(lambda _: error(429, 20429))[1].retry_after_seconds == 60


def test_what_did_not_leave_and_what_may_have_are_told_apart() -> None:
    assert sent(lambda _: httpx2.ConnectError("no route"))[1].outcome is SendOutcome.DEFERRED
    assert sent(lambda _: httpx2.ReadTimeout("no answer"))[1].outcome is SendOutcome.UNKNOWN
    assert sent(lambda _: httpx2.RemoteProtocolError("gone"))[1].outcome is SendOutcome.UNKNOWN


def test_no_number_and_no_key_is_in_what_is_shown() -> None:
    said = f"The 'To' number {RECIPIENT} is not a valid phone number"
    _, result = sent(lambda _: error(400, 21211, said))
    assert RECIPIENT[1:] not in result.detail
    assert "is not a valid phone number" in result.detail
    assert SECRET not in repr(TwilioSettings(ACCOUNT, SECRET))


@given(st.text(max_size=600), st.text(max_size=60))
def test_whatever_is_written_stays_one_field(body: str, recipient: str) -> None:
    """A body or a number that holds form syntax must not become a field of its own."""
    vendor = FakeVendor(lambda _: answer(message(), 201))
    try:
        telephony(vendor).send_text(TextOut("k", recipient, US, body))
    except UnicodeEncodeError:
        return  # halves of characters do not come out of the store
    asked = form(vendor.requests[0])
    assert sorted(asked) == ["Body", "From", "SmartEncoded", "StatusCallback", "To", "ValidityPeriod"]
    assert asked["Body"] == [body]


# --------------------------------------------------------------------------------------------------- look-ups


LOST = Lost(RECIPIENT, US, TEXT.body, NOW, frozenset())


def find(*rows: Any, lost: Lost = LOST) -> LookupResult:
    vendor = FakeVendor(lambda _: listed("messages", *rows), "twilio")
    found = telephony(vendor).find_text(lost)
    assert vendor.requests[0].url.params["To"] == RECIPIENT
    assert not vendor.violations, vendor.violations
    return found.result


def test_a_lost_text_is_found_by_its_words() -> None:
    assert find(message()) is LookupResult.FOUND
    assert find(message(body=f"Sent from your Twilio trial account - {TEXT.body}")) is LookupResult.FOUND


def test_nothing_since_then_is_not_found() -> None:
    assert find() is LookupResult.NOT_FOUND
    assert find(message(date_created="Tue, 02 Jun 2026 13:50:00 +0000")) is LookupResult.NOT_FOUND
    assert find(message(direction="inbound")) is LookupResult.NOT_FOUND


def test_what_is_known_already_is_another_text() -> None:
    known = Lost(RECIPIENT, US, TEXT.body, NOW, frozenset({SID}))
    assert find(message(), lost=known) is LookupResult.NOT_FOUND


def test_other_words_there_are_a_doubt_and_not_a_no() -> None:
    assert find(message(body="Your parcel is here.")) is LookupResult.DOUBTFUL


def test_the_list_is_read_to_its_end_within_the_account_alone() -> None:
    pages = [
        listed(
            "messages",
            message("SM" + "2" * 32, direction="inbound"),
            next_page=f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=1",
        ),
        listed("messages", message()),
    ]
    vendor = FakeVendor(lambda _: pages.pop(0))
    assert telephony(vendor).find_text(LOST).result is LookupResult.FOUND
    assert vendor.requests[1].url.params["Page"] == "1"
    elsewhere = FakeVendor(
        lambda _: listed("messages", message(direction="inbound"), next_page="https://evil.example/x")
    )
    with pytest.raises(RetryAt):
        telephony(elsewhere).find_text(LOST)
    assert len(elsewhere.requests) == 1


def test_a_list_that_cannot_be_read_says_nothing() -> None:
    with pytest.raises(RetryAt):
        telephony(FakeVendor(lambda _: answer({"messages": "?"}))).find_text(LOST)
    with pytest.raises(FixConfiguration):
        telephony(FakeVendor(lambda _: error(401, 20003))).find_text(LOST)


def test_a_lost_call_is_whatever_rang_the_rep_since() -> None:
    lost = Lost(REP, US, "", NOW)
    vendor = FakeVendor(lambda _: listed("calls", call()), "twilio")
    assert telephony(vendor).find_call(lost).result is LookupResult.FOUND
    assert not vendor.violations, vendor.violations
    assert telephony(FakeVendor(lambda _: listed("calls"))).find_call(lost).result is LookupResult.NOT_FOUND


def test_the_vendor_s_own_examples_are_read() -> None:
    """The answers in Twilio's own description."""
    path = Path("vendor_examples/twilio")
    examples = described(str(path))
    if examples is None:
        pytest.skip("The shared data is not here.")
    kept = examples["examples"]["GET /2010-04-01/Accounts/{AccountSid}/Messages.json"]["responses"]["200"]
    for body in kept:
        body = {**body, "next_page_uri": None}
        vendor = FakeVendor(lambda _, body=body: answer(body))
        since = Lost("+18182008801", US, "testing", datetime(2019, 5, 24, 17, 44, tzinfo=UTC))
        expected = LookupResult.FOUND if body["messages"] else LookupResult.NOT_FOUND
        assert telephony(vendor).find_text(since).result is expected


def test_an_account_is_checked_without_sending() -> None:
    good = FakeVendor(lambda _: listed("messages"), "twilio")
    assert telephony(good).problem() == ""
    assert [request.method for request in good.requests] == ["GET"]
    assert "refuses the key" in telephony(FakeVendor(lambda _: error(401, 20003))).problem()


@pytest.mark.parametrize(
    ("account", "key", "sender", "service", "fine"),
    [
        (ACCOUNT, "", US, "", True),
        (ACCOUNT, "SK" + "c" * 32, "", SERVICE, True),
        ("AC1", "", US, "", False),
        (ACCOUNT, "AC" + "c" * 32, US, "", False),
        (ACCOUNT, "", "", "", False),
        (ACCOUNT, "", "", "MGnone", False),
    ],
)
def test_what_can_be_no_account_is_said(account: str, key: str, sender: str, service: str, fine: bool) -> None:
    assert (twilio.refusal(account, key, sender, service) == "") is fine


# ------------------------------------------------------------------------------------------------------ webhooks


def signed(address: str, fields: list[tuple[str, str]], token: str = TOKEN) -> str:
    said = address + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


def receive(fields: dict[str, str], address: str = ADDRESS, signature: str | None = None) -> Any:
    raw = urlencode(fields).encode()
    given = signature if signature is not None else signed(address, list(fields.items()))
    return twilio.TwilioWebhook(TOKEN).receive_at(address, raw, {"X-Twilio-Signature": given})


def test_twilio_s_own_vectors_verify_and_nothing_near_them_does() -> None:
    vectors = described("webhook_signature_vectors")
    if vectors is None:
        pytest.skip("The shared data is not here.")
    cases = next(one for one in vectors["vectors"] if one["vendor"] == "twilio")["cases"]
    assert len(cases) == 4
    for case in cases:
        door = twilio.TwilioWebhook.__new__(twilio.TwilioWebhook)
        door._token = (case.get("auth_token") or "12345").encode()
        pairs = [
            (name, one)
            for name, value in case.get("params", {}).items()
            for one in (value if isinstance(value, list) else [value])
        ]
        raw = case["raw_body"].encode() if "raw_body" in case else urlencode(pairs).encode()
        fields = door._signed_fields(case["url"], raw)
        assert door.verifies(case["url"], fields, case["signature"]), case
        assert not door.verifies(case["url"] + "x", fields, case["signature"])
        assert not door.verifies(case["url"], [*fields, ("To", "+1")], case["signature"])
        assert not door.verifies(case["url"], fields, case["signature"][:-2] + "A=")
        if "raw_body" in case:
            with pytest.raises(Forbidden):
                door._signed_fields(case["url"], raw + b" ")


ARRIVED = {
    "MessageSid": SID,
    "SmsStatus": "received",
    "From": RECIPIENT,
    "To": US,
    "Body": "Yes & no=1",
    "NumMedia": "0",
}


def test_a_text_that_came_is_read_with_its_own_words() -> None:
    (event,) = receive(ARRIVED)
    assert (event.key, event.recipient) == (f"{SID}:received", RECIPIENT)
    assert twilio.read(event.raw) == [TextArrived(SID, RECIPIENT, US, "Yes & no=1")]


def test_a_report_names_our_text_by_the_address_alone() -> None:
    fields = {
        "MessageSid": SID,
        "MessageStatus": "undelivered",
        "To": RECIPIENT,
        "ErrorCode": "30005",
        "item": "forged",
    }
    (event,) = receive(fields, f"{ADDRESS}?item={TEXT.key}")
    assert twilio.read(event.raw) == [TextReport(TEXT.key, SID, TextState.UNDELIVERED, RECIPIENT, "30005")]
    assert event.recipient == RECIPIENT


def test_the_legs_of_a_call_are_told_apart_and_a_key_is_no_end() -> None:
    fields = {"CallSid": "CA1", "CallStatus": "no-answer", "CallDuration": "0"}
    (event,) = receive(fields, f"{ADDRESS}?item=k&leg=contact")
    assert twilio.read(event.raw) == [CallReport("k", "CA1", CallState.NO_ANSWER, of_contact=True)]
    (event,) = receive({"CallSid": "CA1", "CallStatus": "in-progress", "Digits": "5"}, f"{ADDRESS}?item=k&leg=go")
    assert twilio.pressed(event.raw) == "k"
    assert twilio.read(event.raw) == []


@pytest.mark.parametrize("signature", ["", "x", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "ü"])
def test_what_twilio_did_not_sign_is_refused(signature: str) -> None:
    with pytest.raises(Forbidden):
        receive(ARRIVED, signature=signature)


def test_the_signature_holds_for_the_address_too() -> None:
    with pytest.raises(Forbidden):
        receive(ARRIVED, f"{ADDRESS}?item=other", signature=signed(ADDRESS, list(ARRIVED.items())))


@pytest.mark.parametrize("raw", [b"", b"a", b"a=1", b"MessageSid=SM1&MessageStatus=exploded", b"\xff=\xff", b"=" * 400])
def test_what_is_no_event_of_texts_or_calls_is_refused(raw: bytes) -> None:
    with pytest.raises(Rejected):
        twilio.read(raw)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_door(raw: bytes) -> None:
    try:
        twilio.TwilioWebhook(TOKEN).receive_at(ADDRESS, raw, {"X-Twilio-Signature": "x"})
    except (Forbidden, Rejected):
        return
    raise AssertionError("unsigned bytes were taken")


def test_a_secret_that_is_no_token_is_said() -> None:
    for wrong in ("", "short", "x" * 33, "AC" + "a" * 31):
        with pytest.raises(FixConfiguration):
            twilio.TwilioWebhook(wrong)


def test_twiml_holds_what_it_is_given_and_nothing_more() -> None:
    said = ElementTree.fromstring(twiml.bridge("+1</Number><Say>", US, f"{ADDRESS}?item=k&leg=contact"))
    assert [one.tag for one in said.iter()] == ["Response", "Dial", "Number"]
    assert said[0][0].text == "+1</Number><Say>"
    assert json.dumps(ElementTree.fromstring(twiml.refused("<Dial>"))[0].text) == '"<Dial>"'

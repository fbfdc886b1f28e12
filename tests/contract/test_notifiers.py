"""Slack and Teams: what is said, held against their own descriptions, and what each answer means."""

import json
from typing import Any

import httpx2
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import SystemClock
from core.errors import Rejected
from tests.support.vendors import FakeVendor, answer, described
from tools.ports import NoticeAnswer, NoticeOutcome, NoticeService, NoticeText
from tools.providers.notifier.known import check, notifiers
from tools.providers.notifier.slack import as_message
from tools.providers.notifier.teams import as_card

SLACK = "https://hooks.slack.com/services/T000/B000/XXXX"
TEAMS = "https://prod-1.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=x"
TEXT = NoticeText("A reply came in.", "From Company 1.", "https://sales.example/n/abc", "Read it")
TAKEN = {
    "ok": True,
    "channel": "C024BE91L",
    "ts": "1503435956.000247",
    "message": {"type": "message", "text": "x", "ts": "1503435956.000247"},
}


def tell(
    service: NoticeService, secret: str, given: Any, *, channel: str = "", contract: str = ""
) -> tuple[FakeVendor, NoticeAnswer]:
    vendor = FakeVendor(lambda _: given, contract=contract)
    return vendor, notifiers(SystemClock(), vendor.wire())(service, secret, channel).notify(TEXT)


def bot(given: Any) -> tuple[FakeVendor, NoticeAnswer]:
    return tell(NoticeService.SLACK_BOT, "xoxb-1", given, channel="C024BE91L", contract="slack")


def test_a_bot_posts_as_slack_describes_it() -> None:
    vendor, found = bot(answer(TAKEN))
    assert (found.outcome, vendor.violations) == (NoticeOutcome.TAKEN, [])
    body = json.loads(vendor.requests[0].content)
    assert (body["channel"], body["unfurl_links"]) == ("C024BE91L", False)
    assert body["blocks"][1]["elements"][0]["url"] == TEXT.link


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("invalid_auth", NoticeOutcome.CLOSED),
        ("channel_not_found", NoticeOutcome.CLOSED),
        ("rate_limited", NoticeOutcome.DEFERRED),
        ("msg_too_long", NoticeOutcome.REFUSED),
        ("fatal_error", NoticeOutcome.UNKNOWN),
    ],
)
def test_slack_says_no_with_200(error: str, outcome: NoticeOutcome) -> None:
    assert bot(answer({"ok": False, "error": error}))[1].outcome is outcome


def test_a_200_that_is_not_slack_s_is_no_yes() -> None:
    assert bot(httpx2.Response(200, text="<html>"))[1].outcome is NoticeOutcome.UNKNOWN


@pytest.mark.parametrize("service_at", [(NoticeService.SLACK_WEBHOOK, SLACK), (NoticeService.TEAMS, TEAMS)])
@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (httpx2.Response(200, text="ok"), NoticeOutcome.TAKEN),
        (httpx2.Response(202), NoticeOutcome.TAKEN),
        (httpx2.Response(429, headers={"retry-after": "30"}), NoticeOutcome.DEFERRED),
        (httpx2.Response(404, text="no_service"), NoticeOutcome.CLOSED),
        (httpx2.Response(410), NoticeOutcome.CLOSED),
        (httpx2.Response(400, text="invalid_payload"), NoticeOutcome.REFUSED),
        (httpx2.Response(502), NoticeOutcome.UNKNOWN),
        (httpx2.Response(302, headers={"location": "http://10.0.0.1/"}), NoticeOutcome.UNKNOWN),
        (httpx2.ConnectError("refused"), NoticeOutcome.DEFERRED),
        (httpx2.ReadTimeout("slow"), NoticeOutcome.UNKNOWN),
    ],
)
def test_what_an_answer_means(service_at: tuple[NoticeService, str], given: Any, outcome: NoticeOutcome) -> None:
    vendor, found = tell(*service_at, given)
    assert found.outcome is outcome
    assert len(vendor.requests) == 1, "it is said once; the worker repeats what is safe"
    if outcome is NoticeOutcome.DEFERRED and not isinstance(given, Exception):
        assert found.retry_after_seconds == 30


def test_the_card_is_one_of_teams_own_schema() -> None:
    schema = described("teams_adaptive_card.schema")
    if schema is None:
        pytest.skip("Teams' schema is not beside the checkout")
    jsonschema.Draft6Validator(schema).validate(as_card(TEXT))


@given(st.text(max_size=200))
def test_a_company_s_name_is_shown_and_never_read_as_markup(name: str) -> None:
    text = NoticeText("A reply came in.", f"From {name}.", TEXT.link, "Read it")
    message, card = as_message(text), as_card(text)
    assert not set("<>") & set(message["text"])
    assert {block["text"]["type"] for block in message["blocks"] if "text" in block} == {"plain_text"}
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert [action["url"] for action in card["actions"]] == [TEXT.link]
    assert [element["url"] for element in message["blocks"][1]["elements"]] == [TEXT.link]


@pytest.mark.parametrize(
    ("service", "secret", "channel"),
    [
        (NoticeService.SLACK_WEBHOOK, "http://hooks.slack.com/services/T/B/X", ""),
        (NoticeService.SLACK_WEBHOOK, "https://hooks.slack.com.evil.example/services/T/B/X", ""),
        (NoticeService.SLACK_WEBHOOK, "https://u@hooks.slack.com/services/T/B/X", ""),
        (NoticeService.SLACK_WEBHOOK, "https://hooks.slack.com:8443/services/T/B/X", ""),
        (NoticeService.SLACK_WEBHOOK, "https://169.254.169.254/services/T/B/X", ""),
        (NoticeService.SLACK_WEBHOOK, SLACK, "C1"),
        (NoticeService.SLACK_BOT, "xoxp-a-person-s", "C024BE91L"),
        (NoticeService.SLACK_BOT, "xoxb-1", "#sales"),
        (NoticeService.TEAMS, "https://logic.azure.com.evil.example/workflows/1", ""),
        (NoticeService.TEAMS, "https://evillogic.azure.com/workflows/1", ""),
        (NoticeService.TEAMS, "https://127.0.0.1/workflows/1", ""),
    ],
)
def test_nothing_else_is_ever_spoken_to(service: NoticeService, secret: str, channel: str) -> None:
    with pytest.raises(Rejected):
        check(service, secret, channel)
    if channel != "C1":
        vendor, found = tell(service, secret, answer(TAKEN), channel=channel)
        assert (found.outcome, vendor.requests) == (NoticeOutcome.CLOSED, [])


@pytest.mark.parametrize(
    ("service", "secret", "channel"),
    [
        (NoticeService.SLACK_WEBHOOK, SLACK, ""),
        (NoticeService.SLACK_BOT, "xoxb-1", "C024BE91L"),
        (NoticeService.TEAMS, TEAMS, ""),
        (NoticeService.TEAMS, "https://default1.a.environment.api.powerplatform.com:443/powerautomate/x?sig=y", ""),
    ],
)
def test_what_services_give_is_taken(service: NoticeService, secret: str, channel: str) -> None:
    check(service, secret, channel)

"""Slack: an incoming webhook, or chat.postMessage with a bot's token. Neither knows a key that makes two calls one.

What others wrote (a company's name) goes into `plain_text`, where Slack reads no markup, and escaped into `text`, which
it shows in notifications: a name can call nobody and link nowhere. Links are not unfolded, so Slack fetches none.
"""

from typing import Any, Final

from tools.ports import NoticeAnswer, NoticeOutcome, NoticeText
from tools.providers.notifier.say_once import by_status, host_of, say_once, wish
from tools.providers.vendor.account import Wire

_HOSTS: Final = ("hooks.slack.com", "hooks.slack-gov.com")
_POST: Final = "https://slack.com/api/chat.postMessage"
_LATER: Final = frozenset({"rate_limited", "ratelimited", "service_unavailable", "team_added_to_org"})
_CLOSED: Final = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "invalid_auth",
        "is_archived",
        "missing_scope",
        "no_permission",
        "not_authed",
        "not_in_channel",
        "token_expired",
        "token_revoked",
    }
)
# Slack's own words: some part of it may have been done before the error.
_NOBODY_KNOWS: Final = frozenset({"fatal_error", "internal_error", "request_timeout"})
_TITLE, _LINE = 150, 2_900  # characters: of a button's neighbours Slack takes 3,000


def webhook_refusal(address: str) -> str:
    """Why this is no address of an incoming webhook; "": it is one."""
    if host_of(address) in _HOSTS and "/services/" in address:
        return ""
    return "An incoming webhook of Slack begins with https://hooks.slack.com/services/."


def bot_refusal(token: str, channel: str) -> str:
    if not token.startswith("xoxb-") or not token.isascii():
        return "A bot's token begins with xoxb-."
    if not (channel[:1] in ("C", "G", "D") and channel.isalnum() and channel.isascii()):
        return "Name the channel by its id, as C024BE91L: it stands at the end of the channel's details."
    return ""


def as_message(text: NoticeText) -> dict[str, Any]:
    words = f"{text.title}\n{text.line}" if text.line else text.title
    return {
        "text": _escaped(f"{text.title[:_TITLE]}: {text.line}"[:_LINE].rstrip(": ")),
        "blocks": [
            {"type": "section", "text": {"type": "plain_text", "text": words[:_LINE], "emoji": False}},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "text": {"type": "plain_text", "text": text.link_label[:75], "emoji": False},
                        "url": text.link,
                        "action_id": "open",
                    }
                ],
            },
        ],
        "unfurl_links": False,
        "unfurl_media": False,
    }


class SlackWebhook:
    def __init__(self, address: str, wire: Wire) -> None:
        self._address, self._wire = address, wire

    def notify(self, text: NoticeText) -> NoticeAnswer:
        if said := webhook_refusal(self._address):
            return NoticeAnswer(NoticeOutcome.CLOSED, said)
        got = say_once(self._wire, self._address, as_message(text))
        return got if isinstance(got, NoticeAnswer) else by_status(got)


class SlackBot:
    def __init__(self, token: str, channel: str, wire: Wire) -> None:
        self._token, self._channel, self._wire = token, channel, wire

    def notify(self, text: NoticeText) -> NoticeAnswer:
        if said := bot_refusal(self._token, self._channel):
            return NoticeAnswer(NoticeOutcome.CLOSED, said)
        body = {"channel": self._channel, **as_message(text)}
        got = say_once(self._wire, _POST, body, {"authorization": f"Bearer {self._token}"})
        if isinstance(got, NoticeAnswer):
            return got
        if got.status != 200 or not got.is_object:
            answer = by_status(got)
            if answer.outcome is NoticeOutcome.TAKEN:  # a yes of Slack's is an object that says so
                return NoticeAnswer(NoticeOutcome.UNKNOWN, "It answered 200, and not as Slack does.")
            return answer
        if got.body.get("ok") is True:
            return NoticeAnswer(NoticeOutcome.TAKEN)
        error = str(got.body.get("error") or "")[:80]
        said = f"Slack says: {error or 'no'}."
        if error in _LATER:
            return NoticeAnswer(NoticeOutcome.DEFERRED, said, wish(got))
        if error in _NOBODY_KNOWS:
            return NoticeAnswer(NoticeOutcome.UNKNOWN, said)
        return NoticeAnswer(NoticeOutcome.CLOSED if error in _CLOSED else NoticeOutcome.REFUSED, said)


def _escaped(text: str) -> str:
    """Slack's three characters of control."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

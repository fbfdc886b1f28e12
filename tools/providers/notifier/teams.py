"""Microsoft Teams: a workflow that starts when a webhook request is received, with an adaptive card.

Text stands in runs of a RichTextBlock, which Teams shows as it is: a TextBlock would read Markdown in a company's name.
"""

from typing import Any, Final

from tools.ports import NoticeAnswer, NoticeOutcome, NoticeText
from tools.providers.notifier.say_once import by_status, host_of, say_once
from tools.providers.vendor.account import Wire

# Where Power Automate has its workflows' addresses; those of Office connectors were retired.
_HOSTS: Final = (".logic.azure.com", ".logic.azure.us", ".api.powerplatform.com", ".api.gov.powerplatform.microsoft.us")
_LINE: Final = 4_000  # characters: a card has 28 KB


def refusal(address: str) -> str:
    """Why this is no address of a workflow; "": it is one."""
    if host_of(address).endswith(_HOSTS):
        return ""
    return "A workflow's address is one of Power Automate: https://….logic.azure.com/… or ….api.powerplatform.com/…"


def as_card(text: NoticeText) -> dict[str, Any]:
    def shown(words: str, **how: Any) -> dict[str, Any]:
        return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": words[:_LINE], **how}]}

    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": [shown(text.title, weight="bolder"), *([shown(text.line)] if text.line else [])],
        "actions": [{"type": "Action.OpenUrl", "title": text.link_label, "url": text.link}],
    }


class TeamsWorkflow:
    def __init__(self, address: str, wire: Wire) -> None:
        self._address, self._wire = address, wire

    def notify(self, text: NoticeText) -> NoticeAnswer:
        if said := refusal(self._address):
            return NoticeAnswer(NoticeOutcome.CLOSED, said)
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": as_card(text),
        }
        got = say_once(self._wire, self._address, {"type": "message", "attachments": [attachment]})
        return got if isinstance(got, NoticeAnswer) else by_status(got)

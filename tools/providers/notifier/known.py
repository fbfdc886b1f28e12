"""The services that notices go to, and what each needs to be known of a channel."""

from collections.abc import Callable

import httpx2

from core.clock import Clock
from core.errors import Rejected
from tools.ports import NoticeService, Notifier
from tools.providers.notifier import slack, teams
from tools.providers.vendor.account import Wire


def check(service: NoticeService, secret: str, destination: str) -> None:
    """Raises Rejected where it can be no channel. Asks no network."""
    match service:
        case NoticeService.SLACK_WEBHOOK:
            said = slack.webhook_refusal(secret)
        case NoticeService.SLACK_BOT:
            said = slack.bot_refusal(secret, destination)
        case NoticeService.TEAMS:
            said = teams.refusal(secret)
    if not said and service is not NoticeService.SLACK_BOT and destination:
        said = "The address says where it goes; a channel's id is for a bot's token alone."
    if said:
        raise Rejected("Nothing can be told there.", hint=said, code="bad_channel")


def notifiers(clock: Clock, wire: Wire | None = None) -> Callable[[NoticeService, str, str], Notifier]:
    """(service, secret, destination) → what tells it."""
    through = wire or Wire(httpx2.Client(trust_env=False), clock)

    def of(service: NoticeService, secret: str, destination: str) -> Notifier:
        match service:
            case NoticeService.SLACK_WEBHOOK:
                return slack.SlackWebhook(secret, through)
            case NoticeService.SLACK_BOT:
                return slack.SlackBot(secret, destination, through)
            case NoticeService.TEAMS:
                return teams.TeamsWorkflow(secret, through)

    return of

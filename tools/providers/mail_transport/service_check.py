"""Whether a service that sends by keys would take mail from us. Nothing is sent; the key itself is asked about."""

from collections.abc import Mapping
from typing import Any

from core.errors import FixConfiguration, RetryAt, SalesOSError
from tools.providers.mail_transport.sendgrid import SendGridSettings
from tools.providers.mail_transport.ses import SesSettings
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Reply, VendorApi
from tools.providers.vendor.aws_signature import signed_headers
from tools.providers.vendor.pace import Pace

_SECONDS = 15.0


def problem_of_ses(settings: SesSettings, wire: Wire) -> str:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html"""
    base = settings.endpoint or f"https://email.{settings.region}.amazonaws.com"
    url = f"{base.rstrip('/')}/v2/email/account"
    headers = signed_headers(
        settings.key,
        method="GET",
        url=url,
        body=b"",
        headers={},
        region=settings.region,
        service="ses",
        now=wire.clock.now(),
    )

    def classify(reply: Reply) -> SalesOSError | None:
        kind = reply.headers.get("x-amzn-errortype", "").partition(":")[0]
        if reply.status == 403 and kind == "AccessDeniedException":
            return _MayNotLook("The key may send and not look at the account.")
        return None

    try:
        account = _asked("Amazon SES", url, headers, wire, classify)
    except _MayNotLook:
        return ""  # the key is known: AWS says otherwise of one that is not
    except (FixConfiguration, RetryAt) as error:
        return str(error)
    if account.get("SendingEnabled") is False:
        return "Amazon SES has stopped this account from sending. Look at the account's status in its console."
    if account.get("ProductionAccessEnabled") is False:
        return (
            "Amazon SES still has this account in its sandbox: it sends to verified addresses only. "
            "Ask for production access in its console."
        )
    return ""


def problem_of_sendgrid(settings: SendGridSettings, wire: Wire) -> str:
    """https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions"""
    url = f"{settings.base_url.rstrip('/')}/v3/scopes"
    try:
        found = _asked("SendGrid", url, {"authorization": f"Bearer {settings.key}"}, wire, lambda _: None)
    except (FixConfiguration, RetryAt) as error:
        return str(error)
    scopes = found.get("scopes")
    if isinstance(scopes, list) and "mail.send" not in scopes:
        return "The key may not send: give it the permission “Mail Send” in SendGrid's console."
    return ""


class _MayNotLook(SalesOSError):
    code = "may_not_look"


def _asked(label: str, url: str, headers: Mapping[str, str], wire: Wire, classify: Any) -> Mapping[str, Any]:
    api = VendorApi(
        wire.http,
        label=label,
        base_url=url,
        clock=wire.clock,
        pace=Pace((), monotonic=wire.monotonic, sleep=wire.sleep),
        classify=classify,
        deadline_seconds=_SECONDS,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
    body = api.call("GET", "", headers=headers).body
    return body if isinstance(body, Mapping) else {}

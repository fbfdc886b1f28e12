"""The telephony of an account, with its key opened for calls and nothing else."""

from collections.abc import Callable
from uuid import UUID

import httpx2

from core.clock import Clock
from core.crypto import Sealer
from core.errors import FixConfiguration
from core.settings import DeliveryMode, Settings
from store.models import InboundEndpoint, TelephonyAccount
from store.queries import inbound, telephony
from store.session import Database
from tools.ports.telephony import Telephony
from tools.providers.telephony.folder import FolderTelephony
from tools.providers.telephony.twilio import TwilioSettings, TwilioTelephony
from tools.providers.vendor.account import Wire

FOLDER = "texts"  # in the data directory


def telephony_accounts(
    settings: Settings,
    database: Database,
    clock: Clock,
    sealer_of: Callable[[UUID], Sealer],
    wire: Wire | None = None,
) -> Callable[[TelephonyAccount], Telephony]:
    """Account → what carries its texts and calls. Raises FixConfiguration, Tampered."""
    through = wire or Wire(httpx2.Client(trust_env=False), clock)

    def of(account: TelephonyAccount) -> Telephony:
        if settings.delivery is not DeliveryMode.SMTP:
            return FolderTelephony(settings.data_dir / FOLDER)
        if account.vendor != "twilio":
            raise FixConfiguration(f"There is no telephony {account.vendor!r}.", hint="There is: twilio.")
        sealer = sealer_of(account.workspace_id)
        found = TwilioSettings(
            account.account_sid,
            sealer.open(account.secret_sealed, context=telephony.secret_under(account.id)),
            account.key_sid,
            account.sender,
            account.service_sid,
            _address(database, settings.public_url, sealer, account),
        )
        return TwilioTelephony(found, through)

    return of


def _address(database: Database, public_url: str, sealer: Sealer, account: TelephonyAccount) -> str:
    """Where the vendor reports to; empty where its endpoint was closed, and then nothing is heard of STOP."""
    with database.read(account.workspace_id) as session:
        endpoint = session.get(InboundEndpoint, (account.workspace_id, account.endpoint_id))
    if endpoint is None:
        raise FixConfiguration(
            "The account's endpoint was closed, so nobody would hear STOP.", hint="Connect the account anew."
        )
    token = sealer.open(endpoint.token_sealed, context=inbound.token_under(endpoint.id))
    return f"{public_url.rstrip('/')}/webhooks/{endpoint.vendor}/{token}"

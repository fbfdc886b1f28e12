"""A workspace's Zoom application as what makes its rooms; cached, so that access tokens are shared."""

import threading
from collections.abc import Callable
from uuid import UUID

import httpx2

from core.clock import Clock
from core.crypto import Sealer
from core.errors import FixConfiguration
from store.models import RoomSetting
from store.queries.rooms import secret_under
from tools.ports.calendar import VideoService
from tools.providers.vendor.account import Wire
from tools.providers.vendor.zoom import ZoomApp
from tools.providers.video.zoom import ZoomRooms


def video_services(
    clock: Clock, sealer_of: Callable[[UUID], Sealer], wire: Wire | None = None
) -> Callable[[RoomSetting], VideoService]:
    """Setting → what makes its rooms. Raises FixConfiguration where no application is set, Tampered."""
    through = wire or Wire(httpx2.Client(trust_env=False), clock)
    lock, known = threading.Lock(), dict[UUID, tuple[int, VideoService]]()

    def of(setting: RoomSetting) -> VideoService:
        if not setting.zoom_secret_sealed:
            raise FixConfiguration("Zoom is not connected.", hint="Enter its application under Video rooms.")
        with lock:
            number, service = known.get(setting.workspace_id, (-1, None))
            if service is None or number != setting.connection_number:
                secret = sealer_of(setting.workspace_id).open(
                    setting.zoom_secret_sealed, context=secret_under(setting.id)
                )
                app = ZoomApp(setting.zoom_account_id, setting.zoom_client_id, secret)
                service = ZoomRooms(app, through, host=setting.zoom_host or "me")
                known[setting.workspace_id] = (setting.connection_number, service)
            return service

    return of

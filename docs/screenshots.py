"""Takes the pictures of docs/images again: a few weeks of the demo's market, then the console over it in Chromium.

python docs/screenshots.py [DIRECTORY]     needs Chromium; about a minute
"""

import socket
import sys
import tempfile
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from sqlmodel import select  # noqa: E402

from api import auth  # noqa: E402
from cli.demo import open_demo  # noqa: E402
from cli.demo_quarter import START, Quarter  # noqa: E402
from store.models import Approval, ApprovalState, Icp, Lead, LeadStage, Mailbox, Role, Run, Workspace  # noqa: E402
from tests.support.browser import chromium_path, launch, open_page  # noqa: E402

_DAYS, _UNSEEN = 3, 4  # of the quarter; and days that nobody looks at
_PASSWORD, _EMAIL = "four odd words here", "ann.admin@callcraft.example"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, open_demo(Path(scratch), 7) as quarter:
        for number in range(_DAYS):
            quarter.day(number)
        for hour in range(24, 24 * _UNSEEN, 8):  # nobody reviews: drafts and answers pile up for the pictures
            quarter.clock.move_to(START + timedelta(days=_DAYS - 1, hours=hour))
            quarter.application.worker.drain([quarter.office.workspace_id])
        places = _places(quarter)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(quarter.application.app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        _shoot(f"http://127.0.0.1:{listener.getsockname()[1]}", places, folder)
        server.should_exit = True
        thread.join(timeout=10)


def _places(quarter: Quarter) -> dict[str, str]:
    context = quarter.context
    with context.database.write(context.workspace_id) as session:
        auth.create_user(
            session, quarter.clock, context.ids, email=_EMAIL, name="Ann Admin", role=Role.ADMIN, password=_PASSWORD
        )
        workspace = session.get(Workspace, context.workspace_id)
        assert workspace is not None
        workspace.deal_value_minor = 1_800_000
        session.add(workspace)

        def first(query: Any) -> Any:
            return session.exec(query).first()

        lead = first(select(Lead).where(Lead.stage == LeadStage.MEETING_BOOKED)) or first(select(Lead))
        draft = first(select(Approval.id).where(Approval.state == ApprovalState.PENDING))
        return {
            "today": "/today",
            "approvals": f"/approvals/{draft}" if draft else "/approvals",
            "leads": "/leads",
            "company": f"/companies/{lead.company_id}",
            "run": f"/runs/{first(select(Run.id))}",
            "icp": f"/icps/{first(select(Icp.id))}/edit",
            "sequences": "/sequences",
            "mailbox": f"/mailboxes/{first(select(Mailbox.id))}",
            "send-plan": "/send-plan",
            "writing": "/writing",
            "law": "/law",
            "policies": "/policies",
            "setup": "/setup",
        }


def _shoot(site: str, places: dict[str, str], folder: Path) -> None:
    path = chromium_path()
    if path is None:
        raise SystemExit("No Chromium on PATH.")
    with launch(path) as browser, open_page(browser) as page:
        page.goto(f"{site}/sign-in")
        page.get_by_label("E-mail").fill(_EMAIL)
        page.get_by_label("Password").fill(_PASSWORD)
        page.get_by_role("button", name="Sign in").first.click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for name, place in places.items():
                if theme == "dark" and name not in ("approvals", "today"):
                    continue
                page.goto(f"{site}{place}")
                if name == "approvals" and page.locator(".body .claim").count():
                    page.locator(".body .claim").first.focus()
                page.screenshot(path=folder / f"{name}{'-dark' if theme == 'dark' else ''}.png")
        page.set_viewport_size({"width": 390, "height": 844})
        page.emulate_media(color_scheme="light")
        page.goto(f"{site}{places['approvals']}")
        page.screenshot(path=folder / "approvals-phone.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "docs" / "images")

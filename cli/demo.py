"""`salesos demo`: a quarter in about a minute, in a seeded market and on a virtual clock.

What is real: every agent, the supervisor graph, the store, the gate, approvals, the dispatcher, mail as bytes, the
readers of what comes back. What is played: the market (world/), the people of the office, and the time.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import Progress

from cli.composition import Application, compose
from cli.demo_office import open_office
from cli.demo_quarter import DAYS, START, Quarter, Tally
from cli.demo_report import WIDTH, print_report
from core.clock import VirtualClock
from core.crypto import MasterKeys
from core.errors import Rejected
from core.ids import SeededIds
from core.logging import configure_logging
from core.settings import Settings
from store import migrations
from store.vault import sealer_for
from tools.calendar.booking import BookingTokens, booking_url, meeting_url
from tools.providers.crm.book import CrmBook
from tools.providers.email_verifier.checks import ChecksVerifier
from tools.providers.webhook_sender.http import NoWebhooks
from tools.registry import Toolbox
from world.world import World

PROSPECTS, CUSTOMERS = 100, 8
# A demo seals under a key that everybody may know: there is nobody real in it.
_KEYS = {"demo": b"the key of a demo is no secret.."}


@contextmanager
def open_demo(
    data_dir: Path, seed: int, *, prospects: int = PROSPECTS, customers: int = CUSTOMERS
) -> Iterator[Quarter]:
    """A quarter that is ready to begin, in an empty data directory."""
    settings, clock = demo_settings(data_dir), VirtualClock(START)
    data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(settings.store_url)
    world = World(seed, clock, prospects=prospects, customers=customers)
    keys = MasterKeys(_KEYS)
    booking = BookingTokens(keys.derive("booking links"))

    def link(workspace_id: UUID, hold_id: UUID) -> str:
        return booking_url(settings.public_url, booking.make(workspace_id, hold_id))

    def meeting_link(workspace_id: UUID, meeting_id: UUID) -> str:
        return meeting_url(settings.public_url, booking.make_meeting(workspace_id, meeting_id))

    # The toolbox needs the application's store, and the application its toolbox: the book is asked for late.
    made: list[Application] = []

    def book(workspace_id: UUID) -> CrmBook:
        application = made[0]
        sealer = sealer_for(application.database, workspace_id, keys, clock)
        return CrmBook(application.database, workspace_id, clock, sealer)

    toolbox = replace(_toolbox(world, link, book), meeting_url=meeting_link)
    with compose(settings, clock=clock, ids=SeededIds(seed, clock), master_keys=keys, toolbox=toolbox) as application:
        made.append(application)
        office = open_office(application, world)
        yield Quarter(application, world, office, clock, application.context_for(office.workspace_id), Tally())


def demo_settings(data_dir: Path) -> Settings:
    """Nothing of the environment, and no key, server or network: the same on every machine."""
    return Settings(
        _env_file=None,
        data_dir=data_dir,
        database_url="",
        public_url="https://sales.callcraft.example",
        send_delay_seconds=0,
        cohort_size=100,
        web_fetch_concurrency=1,  # the world's pages come from memory; one thread keeps the order
        llm_base_url="",
        llm_model="",
        llm_fallback_base_url="",
    )


def _toolbox(world: World, link: Callable[[UUID, UUID], str], book: Callable[[UUID], CrmBook]) -> Toolbox:
    return Toolbox(
        company_source=lambda *_: world.company_source,
        person_finders=lambda _workspace_id: (world.person_finder,),
        usage_source=lambda _name, _options: world.usage_source,
        web_fetch=world.web,
        webhook_sender=NoWebhooks(),
        mail_domains=world.mail_domains,
        email_verifier=ChecksVerifier(world.mail_domains),
        transport=lambda _mailbox: world.post_office,
        inbox=lambda _mailbox: world.post_office,
        crm=book,
        booking_url=link,
        language_model=lambda _workspace_id, _run_id: None,
    )


def demo(
    seed: Annotated[int, typer.Option(help="Another seed is another market.")] = 7,
    days: Annotated[int, typer.Option(min=1, max=DAYS, help="How much of the quarter to run.")] = DAYS,
    data_dir: Annotated[Path | None, typer.Option(help="Keep the demo's database here; it must be empty.")] = None,
) -> None:
    """Run a quarter in a seeded market: no keys, no server, no network."""
    if data_dir is not None and data_dir.exists() and any(data_dir.iterdir()):
        raise Rejected(f"{data_dir} is not empty.", hint="A demo begins in an empty directory: name another one.")
    # Bytes, not colours: what is printed is compared between runs. Progress goes where nobody compares it.
    out = Console(width=WIDTH, color_system=None, force_terminal=False, highlight=False)
    configure_logging(level="WARNING", as_json=False)
    with tempfile.TemporaryDirectory(prefix="salesos-demo-") as scratch:
        progress = Progress(console=Console(stderr=True), transient=True)
        with open_demo(data_dir or Path(scratch), seed) as quarter:
            with progress:
                for number in progress.track(range(days), description="A quarter, day by day"):
                    quarter.day(number)
            print_report(quarter, out)

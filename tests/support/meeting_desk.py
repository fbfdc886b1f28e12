"""A rep's desk with everything real around it: SMTP, IMAP and CalDAV servers, the application on a port, a worker.

Time alone is the test's. `work()` does all that is due at this instant, so that nothing has to be waited for.
"""

import csv
import email
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy as mail_policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from icalendar import Calendar
from sqlmodel import col, select
from typer.testing import CliRunner

from cli.composition import Application, compose
from cli.main import app as cli
from core.clock import SystemClock, VirtualClock
from core.settings import DeliveryMode, Settings
from store.models import Mailbox, Workspace
from tests.support import dovecot, radicale, smtp_server
from tests.support.served import served
from tests.support.workdays import working_tuesday_before

REP, PASSWORD = "mara@ledgerline.example", "correct horse battery 9"
PROSPECT = "ada.berg@northwind.example"
REP_ZONE, PROSPECT_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
_OFFER = {
    "product": "Ledgerline",
    "value_line": "finds invoice errors before the invoice leaves the building",
    "sender_title": "Account Executive",
}
_ICP = {"name": "Freight", "industries": ["Freight forwarding"], "countries": ["US"]}


@dataclass
class Desk:
    application: Application
    clock: VirtualClock
    site: str
    smtp: smtp_server.SmtpServer
    imap: dovecot.Dovecot
    calendars: radicale.Radicale
    calendar_url: str
    answers: int = 0

    @property
    def context(self) -> Any:
        with self.application.database.unscoped() as session:
            workspace_id = session.exec(select(Workspace.id)).one()
        return self.application.context_for(workspace_id)

    def work(self, after: timedelta = timedelta()) -> None:
        """All that is due then: inboxes, calendars, threads, the outbox."""
        self.clock.advance(after)
        self.application.worker.drain()

    def rows(self, model: Any, *where: Any) -> list[Any]:
        context = self.context
        with context.database.read(context.workspace_id) as session:
            return list(session.exec(select(model).where(*where).order_by(col(model.id))))

    # ---- the prospect's mailbox

    def mails(self) -> list[EmailMessage]:
        """What the SMTP server took for the prospect, in order."""
        read = [email.message_from_bytes(raw, policy=mail_policy.default) for raw in self.smtp.mails()]
        return [mail for mail in read if PROSPECT in str(mail["To"])]

    def writes(self, text: str, ics: str = "", method: str = "") -> None:
        """The prospect answers the last mail, from their own program; the worker reads it over IMAP."""
        last, self.answers = self.mails()[-1], self.answers + 1
        answer = EmailMessage()
        answer["From"], answer["To"] = f"Ada Berg <{PROSPECT}>", REP
        answer["Subject"] = f"Re: {last['Subject']}"
        answer["In-Reply-To"] = answer["References"] = str(last["Message-ID"])
        answer["Message-ID"] = f"<answer-{self.answers}@northwind.example>"
        answer["Date"] = self.clock.now()
        answer.set_content(text)
        if ics:
            answer.add_alternative(ics, subtype="calendar", params={"method": method})
        raw = answer.as_bytes(policy=mail_policy.SMTP)
        self.imap.append(REP, "INBOX", raw, at=self.clock.now().timestamp())
        self.work()

    # ---- the rep's calendar, in another program of theirs

    def events(self) -> dict[str, tuple[Any, str]]:
        """By address: the event that stands there, and its ETag."""
        ask = (
            '<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/></d:prop>'
            '<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"/></c:comp-filter></c:filter>'
            "</c:calendar-query>"
        )
        with self.calendars.client() as client:
            listed = client.request("REPORT", self.calendar_url, content=ask.encode(), headers={"Depth": "1"})
            assert listed.status_code == 207, listed.text
            places = [part.split("<", 1)[0] for part in listed.text.split("<href>")[1:]]
            found = {}
            for place in places:
                answer = client.get(place)
                [event] = Calendar.from_ical(answer.text).walk("VEVENT")
                found[place] = (event, answer.headers["ETag"])
        return found

    def event(self) -> tuple[str, Any, str]:
        """The one that stands there: its address, itself, its ETag."""
        [(place, (event, etag))] = self.events().items()
        return place, event, etag

    def move_event(self, starts_at: datetime) -> str:
        """As a calendar program does it: the whole object again, with If-Match. Returns the new ETag."""
        place, _, etag = self.event()
        with self.calendars.client() as client:
            whole = Calendar.from_ical(client.get(place).text)
            [event] = whole.walk("VEVENT")
            length = event.decoded("dtend") - event.decoded("dtstart")
            for name, at in (("DTSTART", starts_at), ("DTEND", starts_at + length)):
                del event[name]
                event.add(name, at.astimezone(REP_ZONE))
            whole.add_missing_timezones()
            headers = {"If-Match": etag, "Content-Type": "text/calendar; charset=utf-8"}
            answer = client.put(place, content=whole.to_ical(), headers=headers)
            assert answer.status_code in (201, 204), answer.text
        return self.event()[2]

    def delete_event(self) -> None:
        place, _, etag = self.event()
        with self.calendars.client() as client:
            answer = client.delete(place, headers={"If-Match": etag})
        assert answer.status_code in (200, 204), answer.text


@contextmanager
def desk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace with one rep and one prospect, made by the commands that people use, at a Tuesday morning of both."""
    clock = VirtualClock(working_tuesday_before(datetime.now(UTC), hour=15))
    monkeypatch.setattr(SystemClock, "now", lambda _self: clock.now())  # commands, too, run on that day
    monkeypatch.setenv("SALESOS_DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("SALESOS_CALENDAR_PRIVATE_HOSTS", "true")  # Radicale stands on this machine
    # One mailbox, one name and one password, at the server that takes mail and at the one that has it.
    monkeypatch.setattr(smtp_server, "USERNAME", REP)
    monkeypatch.setattr(smtp_server, "PASSWORD", dovecot.PASSWORD)
    with dovecot.running() as imap, radicale.running() as calendars:
        monkeypatch.setenv("SSL_CERT_FILE", str(imap.certificate))  # instead of the world's authorities
        calendar_url = calendars.make("work", zone=REP_ZONE.key)
        listener = socket.create_server(("127.0.0.1", 0))
        site = f"http://127.0.0.1:{listener.getsockname()[1]}"
        options = smtp_server.Options(spool=folder / "spool", mode="auth", certificate=imap.certificate)
        with smtp_server.SmtpServer(options) as smtp:
            _commands(folder, imap, smtp, calendar_url)
            settings = Settings(
                data_dir=folder / "data", delivery=DeliveryMode.SMTP, send_delay_seconds=0, public_url=site
            )
            with compose(settings, clock=clock) as application, served(application.app, listener):
                opened = Desk(application, clock, site, smtp, imap, calendars, calendar_url)
                opened.work()
                yield opened


def _commands(folder: Path, imap: dovecot.Dovecot, smtp: smtp_server.SmtpServer, calendar_url: str) -> None:
    (folder / "offer.yaml").write_text(yaml.safe_dump(_OFFER))
    (folder / "icp.yaml").write_text(yaml.safe_dump(_ICP))
    with (folder / "companies.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Company", "Website", "Industry", "Employees", "Country"])
        writer.writerow(
            ["Northwind Freight", "https://northwind.example", "Freight forwarding", "120", "United States"]
        )
    with (folder / "people.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Full name", "Job title", "Work e-mail", "Company", "Company website", "Country", "Timezone"])
        writer.writerow(
            ["Ada Berg", "Chief Financial Officer", PROSPECT, "Northwind Freight", "https://northwind.example",
             "United States", PROSPECT_ZONE.key]
        )  # fmt: skip
    _run(
        "init", "--name", "Ledgerline Ltd", "--postal-address", "1 Main Street, Berlin", "--country", "DE",
        "--time-zone", REP_ZONE.key, "--offer", str(folder / "offer.yaml"),
        "--user-name", "Mara Vidal", "--email", REP, "--password-stdin", given=PASSWORD + "\n",
    )  # fmt: skip
    _use_servers(folder, imap, smtp)
    _run("calendar", "connect", calendar_url, "--username", radicale.USER, "--password-stdin",
         given=radicale.PASSWORD + "\n")  # fmt: skip
    [calendar] = json.loads(_run("calendar", "list", "--json"))["items"]
    assert (calendar["gets_events"], calendar["counts_busy"]) == (True, True)
    _run("icp", "add", str(folder / "icp.yaml"))
    _run("import", "companies", str(folder / "companies.csv"))
    _run("import", "people", str(folder / "people.csv"))
    _run("run", "start", "--icp", "Freight", "--wait")


def _use_servers(folder: Path, imap: dovecot.Dovecot, smtp: smtp_server.SmtpServer) -> None:
    with compose(Settings(data_dir=folder / "data")) as application:
        with application.database.unscoped() as session:
            workspace_id = session.exec(select(Workspace.id)).one()
        sealer = application.sealer_of(workspace_id)
        with application.database.write(workspace_id) as session:
            mailbox = session.exec(select(Mailbox)).one()
            mailbox.transport, mailbox.host, mailbox.port, mailbox.security = "smtp", "127.0.0.1", smtp.port, "starttls"
            mailbox.inbox, mailbox.inbox_host, mailbox.inbox_port = "imap", "127.0.0.1", imap.tls_port
            mailbox.username = REP
            mailbox.password_sealed = sealer.seal(dovecot.PASSWORD, context=f"mailbox|password|{mailbox.id}")
            session.add(mailbox)


def _run(*arguments: str, given: str = "") -> str:
    result = CliRunner().invoke(cli, list(arguments), input=given, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def calendar_part(mail: EmailMessage) -> tuple[str, Any]:
    """(METHOD of the part's header, the event), of an invitation's raw bytes."""
    [part] = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    whole = Calendar.from_ical(part.get_payload(decode=True))
    method = str(part.get_param("method"))
    assert str(whole["METHOD"]) == method, "header and object say the same"
    [event] = whole.walk("VEVENT")
    return method, event


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    found: str = body.get_content()
    return found

"""`salesos mailbox doctor`: whether mail of an address will be believed, and the records that are missing."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Annotated

import typer
from sqlmodel import select

from cli.opening import cli_of
from cli.output import AsJson, console, print_json
from core.errors import FixConfiguration, Rejected
from store.models import Mailbox
from tools.deliverability.findings import DomainReport, Severity
from tools.deliverability.report import examine_domain
from tools.mail.headers import ascii_address
from tools.providers.mail_domains.records import domain_records

_STYLES = {Severity.WRONG: "bold red", Severity.WEAK: "yellow", Severity.UNKNOWN: "cyan", Severity.GOOD: "green"}


def doctor(
    context: typer.Context,
    address: str,
    selector: Annotated[list[str] | None, typer.Option(help="Of a DKIM key that signs; may be repeated.")] = None,
    sends_from: Annotated[
        list[str] | None, typer.Option(help="A public IP address that mail leaves from; may be repeated.")
    ] = None,
    blocklist: Annotated[
        list[str] | None, typer.Option(help="A DNS blocklist to ask about these addresses; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at what the domain of an address publishes: SPF, DKIM, DMARC, MX, names of addresses, TLS.

    Prints what is wrong and the record to publish. Exit code 1 where something is wrong. The address need not be a
    mailbox yet; of one that is, its SMTP server is taken into account. No blocklist is asked unless it is named.
    """
    domain = ascii_address("The address", address.strip().lower()).partition("@")[2]
    addresses = _addresses(sends_from or ())
    with cli_of(context).open() as opened:
        if not opened.application.settings.web_fetch:
            raise FixConfiguration(
                "DNS look-ups are off: nothing can be looked at.", hint="Set SALESOS_WEB_FETCH=true."
            )
        with opened.application.database.read(opened.workspace.id) as session:
            row = session.exec(select(Mailbox).where(Mailbox.address == address.strip().lower())).first()
        report = examine_domain(
            domain_records(online=True),
            domain,
            at=opened.context.clock.now(),
            smtp_host=row.host if row is not None and row.transport == "smtp" else "",
            selectors=selector or (),
            addresses=addresses,
            blocklists=blocklist or (),
        )
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report.wrong:
        raise typer.Exit(1)


def _addresses(texts: Sequence[str]) -> list[str]:
    try:
        return [str(ip_address(text.strip())) for text in texts]
    except ValueError:
        raise Rejected("--sends-from is no IP address.", hint="It reads 192.0.2.25 or 2001:db8::19.") from None


def _print(report: DomainReport) -> None:
    """Names and records come from others: they are never markup."""
    out = console()
    for finding in report.findings:
        out.print(f"{finding.severity.value:<8}", style=_STYLES[finding.severity], end="")
        out.print(f"{finding.check}: {finding.what}", markup=False, soft_wrap=True)
        if finding.publish is not None:
            record = f"        publish {finding.publish.host}  {finding.publish.type}  {finding.publish.value}"
            out.print(record, markup=False, soft_wrap=True)
        if finding.severity is not Severity.GOOD:
            out.print(f"        {finding.source}", style="dim", markup=False, soft_wrap=True)

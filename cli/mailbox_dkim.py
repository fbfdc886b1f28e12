"""`salesos mailbox dkim`: the key that signs a domain's mail, and the record that lets others verify it."""

from typing import Annotated

import typer

from agents import sending_domains as keys
from cli.opening import Opened, cli_of
from cli.output import AsJson, console, print_json, say
from store.models import SendingDomain
from store.queries import sending_domains
from tools.mail.dkim import KeyKind
from tools.mail.headers import ascii_domain


def dkim(
    context: typer.Context,
    domain: Annotated[str, typer.Argument(help="Of the addresses that mail leaves from.")],
    rotate: Annotated[
        bool, typer.Option(help="Make another key; the one before signs until its record is seen.")
    ] = False,
    ed25519: Annotated[bool, typer.Option(help="Of a second kind, besides the RSA key; few verify it yet.")] = False,
    check: Annotated[bool, typer.Option(help="Look for the records in the DNS; a key that is seen signs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the DKIM key of a domain, print the record to publish, and look whether it is there.

    Mail by SMTP from the domain is signed from the moment that the record was seen. Without options the first key is
    made, and those that are there are shown. Exit code 1 where --check finds no key that signs.
    """
    kind = KeyKind.ED25519 if ed25519 else KeyKind.RSA
    name = ascii_domain(domain.strip().lower())
    with cli_of(context).open() as opened:
        asked = opened.context
        with asked.database.write(asked.workspace_id) as session:
            rows = sending_domains.of_domain(session, name)
            if rotate or (all(row.algorithm != kind.value for row in rows) and not check):
                keys.make(session, asked, name, kind=kind, by=opened.actor)
        if check:
            _check(opened, name)
        with asked.database.read(asked.workspace_id) as session:
            rows = sending_domains.of_domain(session, name)
            signing = {row.id for row in sending_domains.signing(session, name)}
        shown = [_shown(opened, row, row.id in signing) for row in rows]
    if as_json:
        print_json(shown)
    else:
        _print(shown, name)
    if check and not signing:
        raise typer.Exit(1)


def _check(opened: Opened, domain: str) -> None:
    with opened.context.database.read(opened.workspace.id) as session:
        rows = sending_domains.of_domain(session, domain)
    for row in rows:
        keys.check(opened.context, row.id, by=opened.actor)


def _shown(opened: Opened, row: SendingDomain, signs: bool) -> dict[str, object]:
    record = keys.record_of(opened.context, row)
    return {
        "id": row.id,
        "selector": row.selector,
        "algorithm": row.algorithm,
        "signs": signs,
        "published_at": row.published_at,
        "check_problem": row.check_problem,
        "record": {"host": record.host, "type": record.type, "value": record.value},
    }


def _print(shown: list[dict[str, object]], domain: str) -> None:
    if not shown:
        say(f"There is no key of {domain} yet: leave --check away, and one is made.")
    out = console()
    for key in shown:
        state = "signs" if key["signs"] else "replaced" if key["published_at"] else "waits for its record"
        out.print(f"{key['selector']} ({key['algorithm']}): {state}", style="bold", markup=False)
        if key["check_problem"]:
            out.print(f"  {key['check_problem']}", style="yellow", markup=False, soft_wrap=True)
        record: dict[str, str] = key["record"]  # type: ignore[assignment]
        out.print(f"  publish {record['host']}  {record['type']}  {record['value']}", markup=False, soft_wrap=True)
    if any(not key["published_at"] for key in shown):
        say(f"Once it is published: salesos mailbox dkim {domain} --check")

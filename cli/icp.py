"""`salesos icp`: ideal customer profiles, each change a new version."""

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel import Session, col, select

from cli.opening import Opened, cli_of, read_yaml
from cli.output import AsJson, print_json, print_table, say
from core.errors import NotFound, Rejected
from core.ids import stable_id
from scoring.icp import IcpDefinition, IcpError, parse_icp
from store import audit
from store.models import Icp, IcpVersion

app = typer.Typer(no_args_is_help=True, help="Ideal customer profiles: who is looked for.")


class IcpRefused(Rejected):
    code = "icp_wrong"


@app.command()
def check(file: Path, as_json: AsJson = False) -> None:
    """Say everything that is wrong with an ICP file, at once."""
    definition = _parsed(file, read_yaml(file))
    if as_json:
        print_json({"name": definition.name, "problems": []})
    else:
        say(f"{file} is a sound ICP: {definition.name}.", style="green")


@app.command()
def add(context: typer.Context, file: Path, as_json: AsJson = False) -> None:
    """Add an ICP, or a new version of the one that has this name."""
    document = read_yaml(file)
    definition = _parsed(file, document)
    with cli_of(context).open() as opened:
        number, is_new = add_version(opened, definition.name, document)
    if as_json:
        print_json({"name": definition.name, "version": number, "added": is_new})
    elif is_new:
        say(f"{definition.name}: version {number} added.", style="green")
    else:
        say(f"{definition.name}: version {number} says the same already; nothing was added.")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the ICPs and their newest versions."""
    with cli_of(context).open() as opened, opened.application.database.read(opened.workspace.id) as session:
        icps = session.exec(select(Icp).order_by(col(Icp.name))).all()
        rows = [
            (icp.name, newest.number, newest.created_at) for icp in icps if (newest := newest_version(session, icp))
        ]
    if as_json:
        print_json([{"name": name, "version": number, "created_at": at} for name, number, at in rows])
    else:
        print_table(
            "ICPs", ["name", "version", "since"], rows, empty="No ICP yet: `salesos icp add examples/icp.yaml`."
        )


@app.command()
def show(
    context: typer.Context,
    name: str,
    version: Annotated[int | None, typer.Option(help="A number; without it the newest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show an ICP as it was written."""
    import yaml

    with cli_of(context).open() as opened, opened.application.database.read(opened.workspace.id) as session:
        icp = by_name(session, name)
        query = select(IcpVersion).where(IcpVersion.icp_id == icp.id).order_by(col(IcpVersion.number).desc())
        if version is not None:
            query = query.where(IcpVersion.number == version)
        found = session.exec(query.limit(1)).first()
    if found is None:
        raise NotFound(f"{name} has no version {version}.", hint="Leave out --version for the newest.")
    if as_json:
        print_json({"name": icp.name, "version": found.number, "definition": found.definition})
    else:
        say(f"# {icp.name}, version {found.number}, of {found.created_at:%Y-%m-%d} by {found.created_by}")
        typer.echo(yaml.safe_dump(found.definition, sort_keys=False, allow_unicode=True), nl=False)


def by_name(session: Session, name: str) -> Icp:
    """Raises NotFound, with the names there are."""
    found = session.exec(select(Icp).where(Icp.name == name)).first()
    if found is None:
        names = ", ".join(session.exec(select(Icp.name).order_by(col(Icp.name)).limit(20)))
        raise NotFound(
            f'There is no ICP "{name}".', hint=f"There are: {names}." if names else "Add one: salesos icp add."
        )
    return found


def newest_version(session: Session, icp: Icp) -> IcpVersion | None:
    return session.exec(
        select(IcpVersion).where(IcpVersion.icp_id == icp.id).order_by(col(IcpVersion.number).desc()).limit(1)
    ).first()


def add_version(opened: Opened, name: str, document: dict[str, Any]) -> tuple[int, bool]:
    """The version's number, and whether it is new."""
    context, workspace_id = opened.context, opened.workspace.id
    now = context.clock.now()
    with context.database.write(workspace_id) as session:
        icp = session.exec(select(Icp).where(Icp.name == name).with_for_update()).first()
        if icp is None:
            icp = Icp(workspace_id=workspace_id, id=stable_id("icp", workspace_id, name), name=name, created_at=now)
            session.add(icp)
            session.flush()
        last = newest_version(session, icp)
        if last is not None and last.definition == document:
            return last.number, False
        number = last.number + 1 if last else 1
        version = IcpVersion(
            workspace_id=workspace_id,
            id=stable_id("icp_version", workspace_id, icp.id, number),
            icp_id=icp.id,
            number=number,
            definition=document,
            created_by=opened.actor,
            created_at=now,
        )
        session.add(version)
        session.flush()
        audit.append(
            session,
            context.clock,
            context.ids,
            actor=opened.actor,
            action="icp.version_added",
            subject_kind="icp",
            subject_id=icp.id,
            details={"number": number},
        )
    return number, True


def _parsed(file: Path, document: dict[str, Any]) -> IcpDefinition:
    try:
        return parse_icp(document)
    except IcpError as error:
        lines = "\n".join(f"  {problem.path}: {problem.message}" for problem in error.problems)
        count = len(error.problems)
        raise IcpRefused(
            f"{file} has {count} problem{'s' if count > 1 else ''}:\n{lines}",
            hint="Mend them and try again; examples/icp.yaml shows every field.",
        ) from error

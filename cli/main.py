"""`salesos …`: one file a command group, and the one boundary that turns errors into words and an exit code."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import (
    api_key,
    approvals,
    calendar,
    call,
    consent,
    demo,
    doctor,
    duplicates,
    engagement,
    erase,
    evaluate,
    events,
    explain,
    export,
    icp,
    imports,
    init,
    keys,
    law,
    mailbox,
    mcp,
    meeting,
    notices,
    outbox,
    placement,
    plan,
    policy,
    pool,
    rooms,
    run,
    sequence,
    serve,
    suppression,
    task,
    telephony,
    user,
    variant,
    vendor,
    why,
    writing,
)
from cli.opening import Cli
from cli.output import print_error
from client import ApiError
from core.errors import SalesOSError
from core.logging import configure_logging


class _Boundary(TyperGroup):
    """Our errors become their message and hint, exit code 1. What is no error of ours is a bug, and says where."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (SalesOSError, ApiError) as error:
            print_error(error, as_json=ctx.obj is not None and ctx.obj.as_json)
            raise typer.Exit(1) from None


app = typer.Typer(
    name="salesos",
    cls=_Boundary,
    help="Agents that find, understand, write to and keep customers, with a person in charge.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals hold opened personal data
    rich_markup_mode=None,
)


@app.callback()
def _options(
    context: typer.Context,
    workspace: Annotated[str, typer.Option(help="The workspace's slug; not needed while there is only one.")] = "",
    user: Annotated[str, typer.Option("--as", help="The e-mail address of the user who acts.")] = "",
    server: Annotated[
        str, typer.Option(envvar="SALESOS_SERVER", help="Drive a server at this address instead of this machine's own.")
    ] = "",
    key: Annotated[
        str, typer.Option(envvar="SALESOS_API_KEY", help="The API key for --server; better in the environment.")
    ] = "",
) -> None:
    context.obj = cli = Cli(workspace=workspace, user=user, server=server, key=key)
    # Lines about what happens inside are for `serve` and `worker`; a command speaks for itself.
    level = "WARNING" if context.invoked_subcommand not in ("serve", "worker") else cli.settings.log_level
    configure_logging(level=level, as_json=cli.settings.log_json)


app.command("init")(init.init)
app.command("doctor")(doctor.doctor)
app.add_typer(icp.app, name="icp")
app.add_typer(imports.app, name="import")
app.add_typer(run.app, name="run")
app.add_typer(approvals.app, name="approvals")
app.add_typer(sequence.app, name="sequence")
app.add_typer(variant.app, name="variant")
app.add_typer(writing.app, name="writing")
app.command("explain")(explain.explain)
app.command("why")(why.why)
app.command("plan")(plan.plan)
app.add_typer(mailbox.app, name="mailbox")
app.add_typer(placement.app, name="placement")
app.add_typer(outbox.app, name="outbox")
app.add_typer(events.app, name="events")
app.add_typer(policy.app, name="policy")
app.add_typer(pool.app, name="pool")
app.add_typer(rooms.app, name="rooms")
app.add_typer(vendor.app, name="vendor")
app.add_typer(duplicates.app, name="duplicates")
app.add_typer(export.app, name="export")
app.command("erase")(erase.erase)
app.add_typer(keys.app, name="keys")
app.add_typer(api_key.app, name="api-key")
app.add_typer(law.app, name="law")
app.add_typer(consent.app, name="consent")
app.add_typer(suppression.app, name="suppression")
app.add_typer(task.app, name="task")
app.add_typer(calendar.app, name="calendar")
app.add_typer(meeting.app, name="meeting")
app.add_typer(notices.app, name="notices")
app.add_typer(telephony.app, name="telephony")
app.add_typer(engagement.app, name="engagement")
app.add_typer(user.app, name="user")
app.add_typer(evaluate.app, name="eval")
app.command("call")(call.call)
app.command("mcp")(mcp.mcp)
app.command("worker")(serve.worker)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)


def main() -> None:
    app()


if __name__ == "__main__":
    main()

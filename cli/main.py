"""`salesos …`: one file a command group, and the one boundary that turns errors into words and an exit code."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import (
    api_key,
    approvals,
    demo,
    doctor,
    erase,
    evaluate,
    explain,
    export,
    icp,
    imports,
    init,
    keys,
    mailbox,
    outbox,
    policy,
    run,
    serve,
)
from cli.opening import Cli
from cli.output import print_error
from core.errors import SalesOSError
from core.logging import configure_logging


class _Boundary(TyperGroup):
    """Our errors become their message and hint, exit code 1. What is no error of ours is a bug, and says where."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SalesOSError as error:
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
) -> None:
    context.obj = cli = Cli(workspace=workspace, user=user)
    # Lines about what happens inside are for `serve` and `worker`; a command speaks for itself.
    level = "WARNING" if context.invoked_subcommand not in ("serve", "worker") else cli.settings.log_level
    configure_logging(level=level, as_json=cli.settings.log_json)


app.command("init")(init.init)
app.command("doctor")(doctor.doctor)
app.add_typer(icp.app, name="icp")
app.add_typer(imports.app, name="import")
app.add_typer(run.app, name="run")
app.add_typer(approvals.app, name="approvals")
app.command("explain")(explain.explain)
app.add_typer(mailbox.app, name="mailbox")
app.add_typer(outbox.app, name="outbox")
app.add_typer(policy.app, name="policy")
app.add_typer(export.app, name="export")
app.command("erase")(erase.erase)
app.add_typer(keys.app, name="keys")
app.add_typer(api_key.app, name="api-key")
app.add_typer(evaluate.app, name="eval")
app.command("worker")(serve.worker)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)


def main() -> None:
    app()


if __name__ == "__main__":
    main()

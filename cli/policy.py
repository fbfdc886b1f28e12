"""`salesos policy`: what agents may do alone, each change a new version."""

from pathlib import Path

import typer
import yaml
from pydantic import ValidationError

from agents.policy import Policy, load_policy, set_policy
from cli.opening import cli_of, read_yaml
from cli.output import AsJson, print_json, say
from core.errors import Rejected

app = typer.Typer(no_args_is_help=True, help="What agents may do alone.")


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the policy in force."""
    with cli_of(context).open() as opened, opened.application.database.read(opened.workspace.id) as session:
        document = load_policy(session).model_dump(mode="json")
    if as_json:
        print_json(document)
    else:
        typer.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)


@app.command("set")
def set_(context: typer.Context, file: Path, as_json: AsJson = False) -> None:
    """Put a policy in force. Approvals given under the one before are checked against the new one."""
    document = {name: value for name, value in read_yaml(file).items() if name != "number"}
    try:
        policy = Policy.model_validate(document)
    except ValidationError as error:
        wrong = "\n".join(f"  {'.'.join(map(str, e['loc'])) or 'policy'}: {e['msg']}" for e in error.errors())
        raise Rejected(f"{file} is no policy:\n{wrong}", hint="examples/policy.yaml shows every field.") from error
    with cli_of(context).open() as opened:
        asked = opened.context
        with asked.database.write(opened.workspace.id) as session:
            number = set_policy(session, asked.clock, asked.ids, policy, by=opened.actor).number
    if as_json:
        print_json({"number": number})
    else:
        say(f"Policy {number} is in force.", style="green")

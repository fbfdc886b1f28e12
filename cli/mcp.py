"""`salesos mcp`: SalesOS for assistants that speak the Model Context Protocol, over stdin and stdout."""

import typer

from cli.assistant import Assistant
from cli.opening import cli_of


def mcp(context: typer.Context) -> None:
    """Serve an assistant over stdin and stdout, with the rights of the API key; --server for a server elsewhere."""
    cli = cli_of(context)
    with cli.client() as client:
        Assistant(client, cli.server or cli.settings.public_url).server().run("stdio")

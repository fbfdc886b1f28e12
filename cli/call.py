"""`salesos call`: any operation of the control API by its name, here or on a server."""

import inspect
from typing import Annotated, Any

import orjson
import typer

from cli.opening import cli_of
from cli.output import print_json, print_table
from client import Client
from client.operations import Operations
from core.errors import Rejected


def call(
    context: typer.Context,
    operation: Annotated[str, typer.Argument(help="Its name; without one, all of them are listed.")] = "",
    arguments: Annotated[
        list[str] | None, typer.Argument(help="name=value …; what reads as JSON is taken as JSON.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All pages of a list, not only the first.")] = False,
) -> None:
    """Call an operation of the API and print its answer as JSON: salesos call list_leads tier=1."""
    known = operations()
    if not operation:
        print_table("Operations", ["name", "arguments", "what it does"], [_row(n, known[n]) for n in known], empty="")
        return
    if operation not in known:
        raise Rejected(f"There is no operation {operation}.", hint="`salesos call` lists them.")
    given = _given(operation, known[operation], arguments or [])
    with cli_of(context).client() as client:
        bound = getattr(client, operation)
        print_json(list(client.pages(bound, **given)) if every else bound(**given))


def operations() -> dict[str, Any]:
    """Every operation of the client, by name."""
    return {
        name: method
        for name, method in inspect.getmembers(Operations, inspect.isfunction)
        if not name.startswith("_") and hasattr(Client, name)
    }


def _row(name: str, method: Any) -> tuple[str, str, str]:
    parameters = [p for p in inspect.signature(method).parameters.values() if p.name != "self"]
    words = [p.name if p.default is inspect.Parameter.empty else f"[{p.name}]" for p in parameters]
    return name, " ".join(words), inspect.getdoc(method) or ""


def _given(operation: str, method: Any, arguments: list[str]) -> dict[str, Any]:
    names = [name for name in inspect.signature(method).parameters if name != "self"]
    found: dict[str, Any] = {}
    for argument in arguments:
        name, separator, text = argument.partition("=")
        if not separator or name not in names:
            raise Rejected(f"{operation} has no argument {name!r}.", hint=f"It takes: {', '.join(names) or 'none'}.")
        try:
            found[name] = orjson.loads(text)
        except orjson.JSONDecodeError:
            found[name] = text
    parameters = inspect.signature(method).parameters
    missing = [n for n in names if n not in found and parameters[n].default is inspect.Parameter.empty]
    if missing:
        raise Rejected(f"{operation} needs {', '.join(missing)}.", hint="Give each as name=value.")
    return found

"""`salesos serve` and `salesos worker`: the processes that stay."""

import asyncio

import typer
import uvicorn

from cli.composition import Application
from cli.opening import cli_of
from cli.output import say
from core.errors import FixConfiguration
from store import migrations

_GRACE_SECONDS = 10  # for requests that are under way when the server is told to stop


def worker(context: typer.Context) -> None:
    """Carry out what is due, until it is told to stop. Several may run on PostgreSQL."""
    with cli_of(context).application() as application:
        _check_schema(application)
        application.worker.run_forever()


def serve(context: typer.Context) -> None:
    """Run the API, the console and a worker in one process."""
    with cli_of(context).application() as application:
        _check_schema(application)
        settings = application.settings
        say(f"SalesOS serves on http://{settings.host}:{settings.port} (delivery: {settings.delivery.value}).")
        asyncio.run(_serve(application))


async def _serve(application: Application) -> None:
    """Whichever of the two ends first takes the other with it; what is in flight finishes."""
    settings = application.settings
    config = uvicorn.Config(
        application.app,
        host=settings.host,
        port=settings.port,
        log_config=None,  # or uvicorn would put back its own handlers, which redact nothing
        access_log=False,  # addresses of visitors and tokens in links are nobody's business
        timeout_graceful_shutdown=_GRACE_SECONDS,
        server_header=False,
        proxy_headers=False,  # who may say where a request comes from is SALESOS_TRUSTED_PROXIES alone
    )
    server = uvicorn.Server(config)
    working = asyncio.create_task(application.worker.serve())
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.wait({working, serving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        application.worker.stop()
    failures = [e for e in await asyncio.gather(working, serving, return_exceptions=True) if e is not None]
    for error in failures:
        if isinstance(error, SystemExit):  # how uvicorn says that it could not listen
            raise FixConfiguration(
                f"{settings.host}:{settings.port} cannot be listened on.",
                hint="Another program may have the port: set SALESOS_PORT.",
            ) from None
        raise error


def _check_schema(application: Application) -> None:
    """Raises FixConfiguration: old code on a new schema, or new code on an old one, must not write."""
    found = migrations.current_of(application.database.engine)
    if found != migrations.head_revision():
        raise FixConfiguration(
            f"The database is at schema {found or 'none'}; this version needs {migrations.head_revision()}.",
            hint="Run `salesos init`: it migrates.",
        )

"""What every control route does beside its own work:

    first    the right that api.permissions.NEEDS names, before anything is read
reads    `?fields=a,b.c` gives only those; `ETag` and `If-None-Match` (304)
writes   `Idempotency-Key`: the same request again gets the same answer and is not done twice
"""

import asyncio
import typing
from collections.abc import Callable, Coroutine, Mapping
from hashlib import sha256
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Depends, Header, Query, Request, Response, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from api import etags, problems
from api.dependencies import Caller, Dependencies, Principal, caller_of
from api.permissions import NEEDS, Permission
from core.errors import Rejected, SalesOSError
from core.ids import stable_id
from store.queries import idempotency

_READS: Final = frozenset({"GET", "HEAD"})
_NOT_KEPT: Final = frozenset({401, 403, 409, 412, 429})  # these may well be answered otherwise the next time
_AT_ONCE: Final = 4  # reads; more wait no shorter, and fewer let one long read hold up the others
_MOST_KEPT: Final = 256_000  # bytes of an answer; a longer one is not kept, and the request is done again


async def _fields(
    fields: Annotated[
        str | None,
        Query(
            max_length=500,
            description="Only these fields of each item, by commas; `a.b` for a field within one.",
        ),
    ] = None,
) -> None:
    """For the description only: `ControlRoute` does it."""


async def _idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            max_length=200,
            description="Repeat a request with the same key within 24 hours and it is done once: the answer of the "
            "first comes again, with `Idempotent-Replayed: true`.",
        ),
    ] = None,
) -> None:
    """For the description only: `ControlRoute` does it."""


IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]


def new_id(fresh: UUID, caller: Principal, kind: str, idempotency_key: str | None) -> UUID:
    """With an Idempotency-Key the id is of it: even where the kept answer was lost, a repeat finds the first's row."""
    return stable_id("api", caller.workspace_id, caller.actor, kind, idempotency_key) if idempotency_key else fresh


def _entitled(needs: Permission) -> Callable[..., Any]:
    async def entitled(caller: Caller) -> None:
        caller.require(needs)

    return entitled


class ControlRoute(APIRoute):
    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        reads = set(options.get("methods") or {"GET"}) <= _READS
        shared = [Depends(_fields if reads else _idempotency_key)]
        if (needs := NEEDS.get(options.get("name") or endpoint.__name__)) is not None:
            shared.insert(0, Depends(_entitled(needs)))
        options["dependencies"] = [*shared, *(options.get("dependencies") or ())]
        super().__init__(path, endpoint, **options)
        self._known_fields = _names_of(self.response_model)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        # The fields of a model of query parameters are plain fields: what is no other kind of parameter is one of them.
        elsewhere = params.Path | params.Header | params.Cookie
        asked = [f for f in get_flat_params(self.dependant) if not isinstance(f.field_info, elsewhere)]
        known = {f.alias: _takes_many(f.field_info.annotation) for f in asked}

        async def read(request: Request) -> Response:
            _refuse_unknown(request, known)
            fields = _wanted(request.query_params.get("fields"), self._known_fields)
            async with _turns(request):
                response = await inner(request)
            if response.status_code != 200 or response.headers.get("content-type") != "application/json":
                return response
            return _answer(request, response, fields)

        async def write(request: Request) -> Response:
            _refuse_unknown(request, known)
            key = request.headers.get("idempotency-key")
            return await (_once(request, key, inner) if key else inner(request))

        return read if set(self.methods or ()) <= _READS else write


def _turns(request: Request) -> asyncio.Semaphore:
    """A read's place among those that are made at one time. They share one interpreter: forty threads at once would
    each take forty times as long, hand the lock to each other at every statement, and open a connection each."""
    state = request.app.state
    loop = asyncio.get_running_loop()
    kept: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = getattr(state, "read_turns", None)
    if kept is None or kept[0] is not loop:  # a test's client brings a loop of its own
        kept = state.read_turns = (loop, asyncio.Semaphore(_AT_ONCE))
    return kept[1]


def _refuse_unknown(request: Request, known: Mapping[str, bool]) -> None:
    """A filter that is misspelled would otherwise be no filter, and of one that is given twice only the last would
    count. `known`: parameters, each with whether it may be repeated. Raises Rejected."""
    if unknown := sorted(set(request.query_params) - set(known)):
        raise Rejected(
            f"There is no parameter {', '.join(unknown)[:200]}.",
            hint=f"There are: {', '.join(sorted(known)) or 'none'}.",
            code="unknown_parameter",
        )
    given = [name for name, _ in request.query_params.multi_items()]
    if twice := sorted({name for name in given if not known[name] and given.count(name) > 1}):
        raise Rejected(
            f"The parameter {', '.join(twice)[:200]} is given more than once.",
            hint="Give it once.",
            code="repeated_parameter",
        )


def _takes_many(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (list, set, tuple, frozenset) or any(
        _takes_many(part) for part in typing.get_args(annotation)
    )


def _answer(request: Request, response: Response, fields: dict[str, Any] | None) -> Response:
    body = bytes(response.body)
    response.headers["ETag"] = tag = etags.etag_of(body)
    if tag in {known.strip().removeprefix("W/") for known in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=304, headers={"ETag": tag})
    if fields is None:
        return response
    shown = orjson.loads(body)
    if isinstance(shown, dict) and isinstance(shown.get("items"), list):
        shown["items"] = [_only(item, fields) for item in shown["items"]]
    else:
        shown = _only(shown, fields)
    return Response(orjson.dumps(shown), media_type="application/json", headers={"ETag": tag})


def _wanted(text: str | None, known: frozenset[str]) -> dict[str, Any] | None:
    """ "a,b.c" → {"a": {}, "b": {"c": {}}}. Raises Rejected for a field that there is not."""
    if not text:
        return None
    tree: dict[str, Any] = {}
    for path in filter(None, (part.strip() for part in text.split(","))):
        branch = tree
        for name in path.split(".")[:4]:
            branch = branch.setdefault(name, {})
    if unknown := sorted(set(tree) - known) if known else []:
        raise Rejected(
            f"There is no field {', '.join(unknown)[:200]}.",
            hint=f"Choose from: {', '.join(sorted(known))}.",
            code="unknown_field",
        )
    return tree


def _only(item: Any, tree: dict[str, Any]) -> Any:
    if not tree:
        return item
    if isinstance(item, list):
        return [_only(part, tree) for part in item]
    if not isinstance(item, dict):
        return item
    return {name: _only(item[name], branch) for name, branch in tree.items() if name in item}


def _names_of(model: Any) -> frozenset[str]:
    """The fields of an answer: of its items, where it is a list of them. Empty: not known."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return frozenset()
    items = model.model_fields.get("items")
    inner = typing.get_args(items.annotation)[0] if items and typing.get_args(items.annotation) else None
    shown = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else model
    return frozenset(shown.model_fields) | frozenset(shown.model_computed_fields)


async def _once(request: Request, key: str, inner: Callable[[Request], Coroutine[Any, Any, Response]]) -> Response:
    if not key.isprintable() or len(key) > 200:
        raise Rejected("This Idempotency-Key cannot be used.", hint="Up to 200 printable characters; a UUID will do.")
    deps: Dependencies = request.app.state.dependencies
    principal = await run_in_threadpool(caller_of, deps, request)
    place = f"{request.method} {request.url.path}?{request.url.query}"
    record_id = stable_id("idempotency", principal.workspace_id, principal.actor, key)
    digest = sha256(place.encode() + b"\0" + await request.body()).hexdigest()
    if (kept := await run_in_threadpool(_claim, deps, principal, record_id, digest)) is not None:
        return kept
    try:
        response = await inner(request)
    except Exception as error:
        problem = problems.problem_of(error)
        if problem.status < 500 and isinstance(error, SalesOSError):
            await run_in_threadpool(_keep, deps, principal, record_id, problems.respond(problem))
        else:
            await run_in_threadpool(_drop, deps, principal, record_id)
        raise
    await run_in_threadpool(_keep, deps, principal, record_id, response)
    return response


def _claim(deps: Dependencies, principal: Principal, record_id: UUID, digest: str) -> Response | None:
    with deps.database.write(principal.workspace_id) as session:
        kept = idempotency.claim(session, record_id, digest, deps.clock.now())
    if kept is None:
        return None
    body = deps.context_for(principal.workspace_id).sealer.open(kept.body_sealed, context=_context(record_id))
    media_type, _, content = body.partition("\n")
    headers = {"Idempotent-Replayed": "true"}
    return Response(content, status_code=kept.status, media_type=media_type or None, headers=headers)


def _keep(deps: Dependencies, principal: Principal, record_id: UUID, response: Response) -> None:
    body = bytes(response.body)
    if response.status_code in _NOT_KEPT or len(body) > _MOST_KEPT:
        _drop(deps, principal, record_id)
        return
    text = f"{response.media_type or ''}\n{body.decode()}"
    sealed = deps.context_for(principal.workspace_id).sealer.seal(text, context=_context(record_id))
    with deps.database.write(principal.workspace_id) as session:
        idempotency.finish(session, record_id, response.status_code, sealed)


def _drop(deps: Dependencies, principal: Principal, record_id: UUID) -> None:
    with deps.database.write(principal.workspace_id) as session:
        idempotency.drop(session, record_id)


def _context(record_id: UUID) -> str:
    return f"idempotency|body|{record_id}"

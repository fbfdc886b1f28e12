"""The description of the API as programs read it: OpenAPI 3.1, with what FastAPI cannot know by itself."""

from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel

from api.problems import MEDIA_TYPE, Problem

_PUBLIC: Final = frozenset({"/api/v1/health"})
_ANSWERS: Final = {
    "401": "No key, or one that is unknown, revoked or expired.",
    "403": "The key may not do this.",
    "404": "There is no such thing in this workspace.",
    "409": "Overtaken: somebody or something was first.",
    "412": "Changed since it was read (`If-Match`).",
    "422": "The request says something that cannot be accepted; `problems` names each by its path.",
    "429": "Too many requests; `Retry-After` says when to go on.",
}


def repeated(answer: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """For an operation that makes something (201): told the same again, it answers 200 with what there is."""
    return {200: {"model": answer, "description": "It was there before: nothing was made"}}


def install(app: FastAPI) -> None:
    """Made once, on the first request for it."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(plain())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _complete(described: dict[str, Any]) -> None:
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            for code in [code for code in answers if code[0] in "45"]:
                del answers[code]
            for code, words in _ANSWERS.items():
                if _may_answer(code, path, method, operation):
                    answers[code] = {"description": words, "content": problem}
            answers["default"] = {"description": "What nobody expected.", "content": problem}
            if path in _PUBLIC:
                operation["security"] = []
            _describe_fields(operation, schemas)


def _describe_fields(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Which names `fields` takes here: those of the answer, or of its items."""
    parameter = next((p for p in operation.get("parameters", ()) if p["name"] == "fields"), None)
    content = operation["responses"].get("200", {}).get("content", {})
    if parameter is None:
        return
    shown = _resolved(content.get("application/json", {}).get("schema", {}), schemas)
    items = shown.get("properties", {}).get("items", {}).get("items")
    names = list(_resolved(items, schemas).get("properties", {}) if items else shown.get("properties", {}))
    if not names:
        operation["parameters"].remove(parameter)
        return
    one = f"({'|'.join(names)})(\\.[a-z_]+)*"
    parameter["schema"] = {"type": "string", "maxLength": 500, "pattern": f"^{one}(,{one})*$"}
    parameter["example"] = ",".join(names[:2])


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    found: dict[str, Any] = schemas[reference.rpartition("/")[2]] if reference else schema
    return found


def _may_answer(code: str, path: str, method: str, operation: dict[str, Any]) -> bool:
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    if code in ("401", "403"):
        return path not in _PUBLIC
    if code == "404":
        return "{" in path or method != "get"
    if code == "409":
        return method != "get"
    if code == "412":
        return "If-Match" in names
    return True

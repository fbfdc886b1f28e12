"""Writes client/operations.py from the API's description: one method an operation, with its own names and types."""

import keyword
import re
import subprocess
import sys
import textwrap
from types import SimpleNamespace
from typing import Any

from api.app import create_app
from core.settings import Settings

_HEAD = '''\
"""Every operation of the control API, by its own name. Made by `make docs`: do not edit.

Arguments that are left out are not sent. Answers are the dictionaries that /api/openapi.json documents. Each method
raises client.ApiError with the server's own words.
"""

from collections.abc import Mapping
{datetime}from typing import Any, Final, Literal
from uuid import UUID


class _Unset:
    """Left out; None is a value of its own."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()


class Operations:
    def _operate(
        self,
        method: str,
        path: str,
        places: Mapping[str, Any],
        params: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        if_match: str,
    ) -> Any:
        raise NotImplementedError
'''
_OURS = {"fields", "idempotency-key", "if-match", "last-event-id"}
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "list[Any]"}
_FORMATS = {"uuid": "UUID | str", "date-time": "datetime | str", "date": "str"}
_WIDTH = 120
_Argument = tuple[str, str, str, bool]  # in Python, in the API, its type, whether it must be given


def description() -> dict[str, Any]:
    """The OpenAPI description, of an application that is never run."""
    nothing = SimpleNamespace(settings=Settings(_env_file=None), database=None)
    found: dict[str, Any] = create_app(nothing).openapi()  # type: ignore[arg-type]
    return found


def client_operations() -> str:
    described = description()
    schemas = described.get("components", {}).get("schemas", {})
    parts = []
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if _is_json(operation):
                parts.append(_method(method.upper(), path.removeprefix("/api/v1"), operation, schemas))
    parts.insert(
        0, _HEAD.replace("{datetime}", "from datetime import datetime\n" * any("datetime |" in p for p in parts))
    )
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "client/operations.py", "-"]
    formatted = subprocess.run(command, input="\n".join(parts), capture_output=True, text=True, check=True)  # noqa: S603
    return formatted.stdout


def _is_json(operation: dict[str, Any]) -> bool:
    """Streams and files have hand-written methods (client.http.stream, download), and so have uploads (send)."""
    good = [answer for code, answer in operation["responses"].items() if code[0] == "2"]
    answers = [kind for answer in good for kind in answer.get("content", {})]
    asks = list((operation.get("requestBody") or {}).get("content", {}))
    return all(kind == "application/json" for kind in (*answers, *asks))


def _method(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    places: list[_Argument] = []
    params: list[_Argument] = []
    body: list[_Argument] = []
    has_match = False
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        has_match |= name.lower() == "if-match"
        if name.lower() in _OURS - {"fields"}:
            continue
        # In an address there is no null: what is None is left out.
        kind = _type(parameter["schema"], schemas).replace(" | None", "")
        entry = (_python(name), name, kind, parameter.get("required", False))
        (places if parameter["in"] == "path" else params).append(entry)
    content = (operation.get("requestBody") or {}).get("content", {})
    whole_body = False
    if content:
        schema = _resolved(content["application/json"]["schema"], schemas)
        whole_body = "properties" not in schema
        required = set(schema.get("required", ()))
        taken = {entry[0] for entry in (*places, *params)}
        for name, inner in schema.get("properties", {}).items():
            python = _python(name)
            body.append((f"new_{python}" if python in taken else python, name, _type(inner, schemas), name in required))
    arguments = ["self", *(f"{python}: {kind}" for python, _, kind, _ in places)]
    named = sorted((*params, *body), key=lambda entry: not entry[3])
    if named or has_match or whole_body:
        arguments.append("*")
    arguments += [f"{p}: {kind}" if must else f"{p}: {_optional(kind)} = UNSET" for p, _, kind, must in named]
    if whole_body:
        arguments.append("body: Mapping[str, Any]")
    if has_match:
        arguments.append('if_match: str = ""')
    head = f"    def {operation['operationId']}({', '.join(arguments)}) -> Any:"
    sent = "body" if whole_body else _dictionary(body) if content else "None"
    match = "if_match" if has_match else '""'
    what = f'"{method}", "{path}", {_dictionary(places)}, {_dictionary(params)}, {sent}, {match}'
    call = f"        return self._operate({what})"
    return f"{head}\n{_doc(operation)}\n{call}\n"


def _optional(kind: str) -> str:
    return " | ".join(sorted([*kind.split(" | "), "_Unset"], key=lambda part: part == "None"))


def _doc(operation: dict[str, Any]) -> str:
    text = operation["summary"]
    text += "" if text[-1] in ".?!" else "."
    detail = re.sub(r"\s+", " ", operation.get("description", "")).strip()
    one = f'        """{text}"""'
    if not detail and len(one) <= _WIDTH:
        return one
    lines = textwrap.wrap(f"{text} {detail}".strip(), _WIDTH - 14)
    return "        " + '"""' + "\n        ".join(lines) + '\n        """'


def _dictionary(entries: list[_Argument]) -> str:
    return "{" + ", ".join(f'"{name}": {python}' for python, name, _, _ in entries) + "}"


def _python(name: str) -> str:
    found = re.sub(r"\W", "_", name)
    return f"{found}_" if keyword.iskeyword(found) or found == "self" else found


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    return schemas[reference.rpartition("/")[2]] if reference else schema


def _type(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    schema = _resolved(schema, schemas)
    if "anyOf" in schema:
        parts = dict.fromkeys(part for inner in schema["anyOf"] for part in _type(inner, schemas).split(" | "))
        return " | ".join(sorted(parts, key=lambda part: part == "None"))
    if "enum" in schema and all(isinstance(value, str) for value in schema["enum"]):
        return f"Literal[{', '.join(_quoted(value) for value in schema['enum'])}]"
    if "const" in schema and isinstance(schema["const"], str):
        return f"Literal[{_quoted(schema['const'])}]"
    kind = schema.get("type")
    if kind == "null":
        return "None"
    if kind == "string":
        return _FORMATS.get(schema.get("format", ""), "str")
    return _TYPES.get(str(kind), "Mapping[str, Any]" if kind == "object" else "Any")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

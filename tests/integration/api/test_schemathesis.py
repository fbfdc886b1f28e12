"""The OpenAPI description against the real thing: made-up requests, sound and unsound, as each role.

No answer is a 5xx, what is unsound by the description is refused, what comes back is what the description says, and
nothing answers without a key. What a rule of ours refuses (422) in a request that is sound by its schema is no failure:
the description cannot know every rule.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance, unsupported_method

from api.app import create_app
from api.permissions import PERMISSIONS
from core.clock import VirtualClock
from store.models import Role
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, tell_a_story
from tests.support.migrated import new_sqlite

_STREAMS = ("/events/stream", "/runs/{run_id}/events")  # they answer for as long as somebody listens
_OURS = [positive_data_acceptance, ignored_auth, unsupported_method]  # see above; the matrix tries auth itself


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiOffice]:
    folder: Path = tmp_path_factory.mktemp("schemathesis")
    database = Database(new_sqlite(folder))
    found = api_office(database, VirtualClock(datetime(2026, 6, 2, 14, tzinfo=UTC)), folder)
    tell_a_story(found)
    yield found
    database.close()


@pytest.fixture(scope="module")
def schema(office: ApiOffice) -> Any:
    return schemathesis.openapi.from_asgi("/api/openapi.json", create_app(office.deps))


@pytest.fixture(scope="module")
def operations(schema: Any) -> list[Any]:
    """(operation, its cases by mode): how cases of a schema are made is worked out once, not once a role."""
    found = [result.ok() for result in schema.get_all_operations()]
    return [
        (each, {mode: each.as_strategy(generation_mode=mode) for mode in GenerationMode})
        for each in found
        if not each.path.endswith(_STREAMS)
    ]


def violations(operations: list[Any], headers: dict[str, str], mode: GenerationMode, examples: int) -> list[str]:
    found: list[str] = []
    for operation, cases in operations:

        @given(case=cases[mode])
        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        def once(case: Any) -> None:
            if mode is GenerationMode.NEGATIVE and any(name.lower() == "authorization" for name in case.headers or {}):
                return  # a key that is none: the matrix tries that
            if mode is GenerationMode.NEGATIVE and any(value in ({}, []) for value in (case.query or {}).values()):
                return  # an empty object has no form in a URL: what would be asked is sound
            if mode is GenerationMode.POSITIVE:
                (case.query or {}).pop("fields", None)  # an answer with fewer fields is another shape, tested elsewhere
            for name in [name for name in case.headers or {} if name.lower() in ("idempotency-key", "authorization")]:
                del case.headers[name]
            answer = case.call(headers=headers)
            assert answer.status_code < 500, answer.text
            case.validate_response(answer, excluded_checks=_OURS)

        try:
            once()
        except (Exception, BaseExceptionGroup) as error:
            found.append(f"{operation.label}: {error!s:.600}")
    return found


def test_no_number_is_larger_than_the_store_can_hold(schema: Any) -> None:
    """Else a request that is sound by the description fails in the database."""
    parts = schema.raw_schema["components"]["schemas"]
    seen: set[str] = set()

    def unbounded(part: dict[str, Any], path: str) -> Iterator[str]:
        if name := part.get("$ref", "").rpartition("/")[2]:
            if name not in seen:
                seen.add(name)
                yield from unbounded(parts[name], name)
            return
        if part.get("type") == "integer" and not {"maximum", "exclusiveMaximum", "enum", "const"} & set(part):
            yield path
        for key, inner in part.get("properties", {}).items():
            yield from unbounded(inner, f"{path}.{key}")
        for inner in (*part.get("anyOf", ()), *part.get("oneOf", ()), *part.get("allOf", ())):
            yield from unbounded(inner, path)
        for inner in (part.get("items"), part.get("additionalProperties")):
            if isinstance(inner, dict):
                yield from unbounded(inner, path)

    found: list[str] = []
    for path, methods in schema.raw_schema["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", ()):
                found += unbounded(parameter["schema"], f"{method} {path} {parameter['name']}")
            for content in operation.get("requestBody", {}).get("content", {}).values():
                found += unbounded(content.get("schema", {}), f"{method} {path}")
    assert not found


def test_sound_requests_are_answered_as_described(operations: list[Any], office: ApiOffice) -> None:
    found = violations(operations, office.key(*PERMISSIONS[Role.ADMIN]), GenerationMode.POSITIVE, 15)
    assert not found, "\n\n".join(found)


def test_unsound_requests_are_refused(operations: list[Any], office: ApiOffice) -> None:
    found = violations(operations, office.key(*PERMISSIONS[Role.ADMIN]), GenerationMode.NEGATIVE, 10)
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_every_role_gets_described_answers(operations: list[Any], office: ApiOffice, role: Role) -> None:
    found = violations(operations, office.key(*PERMISSIONS[role]), GenerationMode.POSITIVE, 3)
    assert not found, "\n\n".join(found)

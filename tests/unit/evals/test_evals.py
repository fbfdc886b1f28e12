"""Evals: cassettes that cannot be missed, baselines that say what changed, graders that can fail."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from core.errors import FixConfiguration, Rejected
from evals.baseline import accept, compare
from evals.case import Case, load_cases
from evals.cassette import CassetteMiss, CassetteTransport, Mode, mode_from_environment
from evals.graders import at_most, equals, macro_f1, none_of, one_of, within
from evals.suite import Report, Result, run_suite
from evals.suites import SUITES


def record(path: Path, answer: Any, *requests: httpx2.Request, secrets: tuple[str, ...] = ()) -> CassetteTransport:
    cassette = CassetteTransport(path, Mode.RECORD, inner=httpx2.MockTransport(answer), secrets=secrets)
    with httpx2.Client(transport=cassette) as client:
        for request in requests:
            client.send(request)
    return cassette


def ask(body: dict[str, Any], url: str = "https://api.example/v1/x") -> httpx2.Request:
    return httpx2.Request("POST", url, json=body)


def test_the_same_request_is_answered_in_the_order_of_its_recordings(tmp_path: Path) -> None:
    answers = iter([{"n": 1}, {"n": 2}])
    path = tmp_path / "c.json"
    record(path, lambda _: httpx2.Response(200, json=next(answers)), ask({"a": 1}), ask({"a": 1})).save()
    replay = CassetteTransport(path)
    with httpx2.Client(transport=replay) as client:
        assert [client.send(ask({"a": 1})).json()["n"] for _ in range(2)] == [1, 2]
        with pytest.raises(CassetteMiss):
            client.send(ask({"a": 1}))


def test_key_order_does_not_matter_and_any_other_difference_does(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    record(path, lambda _: httpx2.Response(200, json={}), ask({"a": 1, "b": 2})).save()
    with httpx2.Client(transport=CassetteTransport(path)) as client:
        assert client.send(ask({"b": 2, "a": 1})).status_code == 200
    with httpx2.Client(transport=CassetteTransport(path)) as client, pytest.raises(CassetteMiss):
        client.send(ask({"a": 1, "b": 3}))


def test_a_miss_passes_through_every_except_exception(tmp_path: Path) -> None:
    replay = CassetteTransport(tmp_path / "none.json")
    with pytest.raises(CassetteMiss), httpx2.Client(transport=replay) as client:  # noqa: PT012
        try:
            client.send(ask({}))
        except Exception:
            pytest.fail("A fallback swallowed the miss.")
    assert replay.misses


def test_unused_recordings_are_named(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    record(path, lambda _: httpx2.Response(200, json={}), ask({"a": 1})).save()
    assert CassetteTransport(path).unused() == ["POST https://api.example/v1/x"]


def test_errors_are_recorded_too(tmp_path: Path) -> None:
    def broken(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("slow", request=request)

    cassette = CassetteTransport(tmp_path / "c.json", Mode.RECORD, inner=httpx2.MockTransport(broken))
    with httpx2.Client(transport=cassette) as client, pytest.raises(httpx2.ReadTimeout):
        client.send(ask({}))
    cassette.save()
    with httpx2.Client(transport=CassetteTransport(tmp_path / "c.json")) as client, pytest.raises(httpx2.ReadTimeout):
        client.send(ask({}))


def test_no_secret_reaches_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    echo = {"note": "your key is s3cret-value", "api_key": "other"}
    request = httpx2.Request(
        "GET", "https://api.example/v1?api_key=s3cret-value", headers={"authorization": "Bearer s3cret-value"}
    )
    record(path, lambda _: httpx2.Response(200, json=echo), request, secrets=("s3cret-value",)).save()
    assert "s3cret-value" not in path.read_text()
    assert "other" not in path.read_text()


def test_ci_never_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVAL_MODE", "record")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(FixConfiguration):
        mode_from_environment()


@pytest.mark.parametrize(
    "grade",
    [
        equals("x", 1, 2),
        one_of("x", 3, [1, 2]),
        within("x", 0.5, 0.6, 0.05),
        within("x", None, 0.0, 1.0),
        at_most("x", 3, 2),
        none_of("x", ["found"]),
    ],
)
def test_every_grader_can_fail_and_says_why(grade: Any) -> None:
    assert not grade.passed
    assert grade.detail


def test_macro_f1_counts_classes_not_cases() -> None:
    assert macro_f1([("a", "a")] * 98 + [("b", "a")] * 2) == pytest.approx(0.495, abs=0.001)


def report(passed: bool, output: dict[str, Any], figure: float = 1.0) -> Report:
    case = Case(id="one", split="dev", provenance="a test", input={})
    return Report("mine", [Result(case, output, [equals("x", passed, True)])], {"passed": figure})


def test_a_baseline_tells_broken_from_changed_from_fixed(tmp_path: Path) -> None:
    accept(report(True, {"a": 1}), tmp_path)
    assert not compare(report(True, {"a": 1}), tmp_path).changes
    changed = compare(report(True, {"a": 2}), tmp_path)
    assert [c.kind for c in changed.changes] == ["changed"]
    assert "a: 1 → 2" in changed.changes[0].detail
    assert not changed.regressed
    assert compare(report(False, {"a": 1}), tmp_path).regressed
    assert compare(report(True, {"a": 1}, figure=0.9), tmp_path).regressed
    assert compare(Report("mine", [], {"passed": 1.0}), tmp_path).regressed  # a case that is gone


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_no_suite_fell_behind_its_accepted_baseline(suite: Any) -> None:
    found = compare(run_suite(suite, load_cases(suite.name).cases))
    assert found.has_baseline
    assert not found.regressed, found
    assert not found.changes, found


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_case_says_where_it_comes_from_and_both_splits_have_some(suite: Any) -> None:
    cases = load_cases(suite.name).cases
    assert {case.split.value for case in cases} == {"dev", "test"}
    assert all(case.provenance for case in cases)


def test_a_broken_case_file_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(json.dumps({"suite": "bad", "about": "", "cases": [{"id": "x"}]}))
    with pytest.raises(Rejected, match=r"bad\.yaml"):
        load_cases("bad", tmp_path)
    with pytest.raises(Rejected, match="no case file"):
        load_cases("absent", tmp_path)

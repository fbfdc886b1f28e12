"""`salesos eval`: do the agents still decide as they did? Suites over recorded cases, against an accepted baseline."""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from cli.output import AsJson, print_json, print_table, progress, say
from core.errors import PersonMustDecide, Rejected

app = typer.Typer(no_args_is_help=True, help="Suites of recorded cases, and what changed.")

Names = Annotated[list[str] | None, typer.Argument(help="Suites; without one, all of them.")]


class Regressed(PersonMustDecide):
    code = "regressed"


def _evals(module: str) -> Any:
    """evals/ stands above the CLI (its suites may run the whole product), so it is looked up when it is asked for."""
    return import_module(f"evals.{module}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the suites and their cases."""
    rows = []
    for suite in _evals("suites").SUITES:
        found = _evals("case").load_cases(suite.name)
        rows.append({"suite": suite.name, "cases": len(found.cases), "about": found.about})
    if as_json:
        print_json(rows)
    else:
        print_table("Suites", ["suite", "cases", "about"], [list(row.values()) for row in rows], empty="No suite.")


@app.command()
def run(
    suites: Names = None,
    split: Annotated[str, typer.Option(help="dev or test; without it both.")] = "",
    as_json: AsJson = False,
) -> None:
    """Run suites and name every case that differs from the baseline. Exit code 1 for a regression."""
    reports = _run(suites, split)
    regressed, printed = [], []
    for report in reports:
        found = _evals("baseline").compare(report)
        # Of one split only half of the baseline was run: the other half is not gone, and figures do not compare.
        changes = [change for change in found.changes if not (split and change.kind == "gone")]
        fallen = () if split else found.fallen
        if fallen or any(change.kind in ("broken", "gone") for change in changes):
            regressed.append(report.suite)
        printed.append(
            {
                "suite": report.suite,
                "figures": report.figures,
                "has_baseline": found.has_baseline,
                "changes": changes,
                "fallen": fallen,
                "failed": [r.case.id for r in report.results if not r.passed],
            }
        )
    if as_json:
        print_json(printed)
    else:
        for row in printed:
            _print(row)
    if regressed:
        raise Regressed(
            f"Worse than the baseline: {', '.join(regressed)}.",
            hint="Mend it; or, where the new behaviour is right, `salesos eval accept` makes it the baseline.",
        )


@app.command()
def accept(suites: Names = None, as_json: AsJson = False) -> None:
    """Make what the suites say now the baseline. A person's decision."""
    written = [_evals("baseline").accept(report) for report in _run(suites, "")]
    if as_json:
        print_json(written)
    else:
        for path in written:
            say(f"Accepted: {path}")


def _run(names: Sequence[str] | None, split: str) -> list[Any]:
    known = {suite.name: suite for suite in _evals("suites").SUITES}
    unknown = [name for name in names or [] if name not in known]
    if unknown:
        raise Rejected(f"There is no suite {', '.join(unknown)}.", hint=f"There are: {', '.join(known)}.")
    splits = {found.value for found in _evals("case").Split}
    if split and split not in splits:
        raise Rejected(f"There is no split {split!r}.", hint=f"There are: {', '.join(sorted(splits))}.")
    reports = []
    with progress() as bar:
        for name in bar.track(names or list(known), description="Running suites"):
            cases = [c for c in _evals("case").load_cases(name).cases if not split or c.split.value == split]
            reports.append(_evals("suite").run_suite(known[name], cases))
    return reports


def _print(row: dict[str, Any]) -> None:
    figures = ", ".join(f"{name} {value:.4f}" for name, value in row["figures"].items())
    say(f"{row['suite']}: {figures}", style="bold")
    if not row["has_baseline"]:
        say("  There is no baseline yet: `salesos eval accept` makes one.")
    for line in row["fallen"]:
        say(f"  {line}", style="red")
    rows = [(change.case_id, change.kind, change.detail) for change in row["changes"]]
    if rows:
        print_table("Changed", ["case", "how", "what"], rows, empty="")

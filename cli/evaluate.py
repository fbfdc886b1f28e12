"""`salesos eval`: do the agents still decide as they did? Suites over recorded cases, against an accepted baseline."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import AsJson, print_json, print_table, progress, say
from core.clock import SystemClock
from core.errors import PersonMustDecide, Rejected
from core.settings import Settings
from tools.providers.language_model.fallback import language_models

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


@app.command()
def mail(
    folder: Annotated[Path, typer.Argument(help="The e-mail corpora: bounces_*, replies_* and intent_* folders.")],
    half: Annotated[str, typer.Option(help="dev, opened or held_out; without it all of them.")] = "",
    misses: Annotated[bool, typer.Option(help="Name every miss. Of held_out, only when nobody tunes any more.")] = True,
    as_json: AsJson = False,
) -> None:
    """Read real bounces and replies of a folder, and say what was read wrongly. The files stay where they are."""
    if not folder.is_dir():
        raise Rejected(
            f"There is no folder {folder}.", hint="Name the folder that holds bounces_flufl, replies_crisp …"
        )
    corpora = _evals("mail_corpora")
    checks = [check for check in corpora.measure(folder) if not half or check.half == half]
    if not checks:
        raise Rejected(f"{folder} holds none of the corpora.", hint="They are named bounces_*, replies_* and intent_*.")
    figures = corpora.figures(checks)
    missed = [check for check in checks if not check.passed] if misses else []
    if as_json:
        print_json({"figures": figures, "misses": [{"half": m.half, **asdict(m)} for m in missed]})
        return
    rows = [(f.name, f.half, f"{f.passed} of {f.of}", f"{f.value:.3f}") for f in figures]
    print_table("Read rightly", ["figure", "half", "right", "share"], rows, empty="")
    named = [(m.figure, m.half, m.file, m.wanted, m.got) for m in missed]
    print_table("Misses", ["figure", "half", "file", "wanted", "got"], named, empty="None.")


@app.command()
def intents(
    folder: Annotated[Path | None, typer.Argument(help="The e-mail corpora, for the replies beside our own.")] = None,
    with_model: Annotated[bool, typer.Option(help="Ask the language model of the settings too. It may cost.")] = False,
    as_json: AsJson = False,
) -> None:
    """Precision and recall of what replies want, each class: keywords, our rules, and a model beside them."""
    if folder is not None and not folder.is_dir():
        raise Rejected(f"There is no folder {folder}.", hint="Name the folder that holds intent_svara_replies.")
    module = _evals("mail_intents")
    asked = module.Unpaid()
    model = language_models(Settings(), SystemClock())(asked) if with_model else None
    if with_model and model is None:
        raise Rejected("No language model is set.", hint="Set SALESOS_LLM_BASE_URL and SALESOS_LLM_MODEL.")
    lines = module.measure(folder, model)
    if as_json:
        print_json({"classes": lines, "model_calls": Counter(asked.asked)})
        return
    rows = [(x.corpus, x.half, x.reader, x.name, x.true, _share(x.precision), _share(x.recall)) for x in lines]
    print_table("Intents", ["set", "half", "reader", "class", "of", "precision", "recall"], rows, empty="")
    if with_model:
        say(f"The model was asked {len(asked.asked)} times: {dict(Counter(asked.asked))}")


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


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

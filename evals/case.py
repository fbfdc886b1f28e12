"""A case: what goes in, what must come out, where it comes from, and whether one may tune on it."""

from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import Rejected

CASES = Path(__file__).parent / "cases"


class Split(StrEnum):
    DEV = "dev"  # look at it, tune on it
    TEST = "test"  # only ever measured: a rule written for one of these is worth nothing


class Case(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    split: Split
    provenance: str = Field(min_length=3)  # who wrote or recorded it, and from what
    input: dict[str, Any]
    expected: dict[str, Any] = Field(default_factory=dict)


class CaseFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    about: str
    cases: tuple[Case, ...]


def load_cases(suite: str, directory: Path = CASES) -> CaseFile:
    """The cases of a suite, in file order. Raises Rejected naming the file, the case and what is wrong with it."""
    path = directory / f"{suite}.yaml"
    if not path.is_file():
        raise Rejected(f"There is no case file {path.name}.", hint=f"Suites with cases: {', '.join(known_suites())}.")
    try:
        loaded = CaseFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise Rejected(f"{path.name} is not a case file: {error}") from error
    ids = [case.id for case in loaded.cases]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise Rejected(f"{path.name} has the case ids {', '.join(twice)} twice.", hint="A case id names one case.")
    return loaded


def known_suites(directory: Path = CASES) -> list[str]:
    return sorted(path.stem for path in directory.glob("*.yaml"))

"""What docs/scoring.md says is run, and the example ICPs can be used."""

import doctest
import re
from pathlib import Path

import pytest
import yaml

from scoring.icp import parse_icp
from scoring.rule_model import OPS, RULE_FIELDS

_ROOT = Path(__file__).parents[3]
_PAGE = (_ROOT / "docs" / "scoring.md").read_text(encoding="utf-8")


def test_the_examples_of_the_page_say_what_the_code_says() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", _PAGE, re.DOTALL)
    runner = doctest.DocTestRunner(verbose=False)
    examples = doctest.DocTestParser().get_doctest(
        "".join(re.findall(r"```python\n(.*?)```", _PAGE, re.DOTALL)),
        {"definition": yaml.safe_load(text)},
        "docs/scoring.md",
        None,
        0,
    )
    said: list[str] = []
    runner.run(examples, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
    assert len(examples.examples) > 15


def test_every_field_and_operator_stands_on_the_page() -> None:
    missing = [name for name in (*RULE_FIELDS, *{op for ops in OPS.values() for op in ops}) if f"`{name}`" not in _PAGE]
    assert missing == []


@pytest.mark.parametrize("name", ["icp.yaml", "icp-rules.yaml"])
def test_the_examples_parse(name: str) -> None:
    read = parse_icp(yaml.safe_load((_ROOT / "examples" / name).read_text(encoding="utf-8")))
    assert read.name == "Mid-size software"
    assert len(read.rules) == (5 if name == "icp-rules.yaml" else 0)

"""What docs/deliverability.md says is run."""

import doctest
import re
from pathlib import Path

from tools.deliverability.findings import Severity

_PAGE = (Path(__file__).parents[3] / "docs" / "deliverability.md").read_text(encoding="utf-8")


def test_the_examples_of_the_page_say_what_the_code_says() -> None:
    text = "".join(re.findall(r"```python\n(.*?)```", _PAGE, re.DOTALL))
    examples = doctest.DocTestParser().get_doctest(text, {}, "docs/deliverability.md", None, 0)
    runner = doctest.DocTestRunner(verbose=False)
    said: list[str] = []
    runner.run(examples, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
    assert len(examples.examples) > 15


def test_every_severity_stands_on_the_page() -> None:
    assert [each for each in Severity if f"`{each}`" not in _PAGE] == []

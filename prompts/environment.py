"""The one way text is made from a template: a sandbox that only plain values may enter.

Jinja2's sandbox blocks attribute tricks but not methods of objects that are passed in, so no object is passed in:
strings, numbers, dates and lists of strings only. Output is cut off at a size, not trusted to be short.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.errors import FixConfiguration, Rejected

MAX_OUTPUT_BYTES = 64 * 1024  # the longest mail anybody should read is a hundredth of it
MAX_VALUE_CHARS = 16 * 1024

Value = str | int | float | date | list[str]

ROOT = Path(__file__).parent


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """The sandbox. Autoescape is off because every template here is plain text."""
    sandbox = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(ROOT, followlinks=False),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # lipsum, cycler, namespace, joiner, dict and range: ways to make much out of little, and none is needed.
    sandbox.globals.clear()
    return sandbox


def check_values(values: Mapping[str, object]) -> dict[str, Value]:
    """The same values, each of an allowed type and size. Raises Rejected naming the one that is not."""
    checked: dict[str, Value] = {}
    for name, value in values.items():
        if isinstance(value, list):
            if not all(isinstance(item, str) for item in value):
                raise Rejected(f"Template variable {name!r} is a list of something other than text.")
            size = sum(len(item) for item in value)
            checked[name] = list(value)
        elif isinstance(value, str | int | float | date):
            size = len(value) if isinstance(value, str) else 0
            checked[name] = value
        else:
            raise Rejected(
                f"Template variable {name!r} is a {type(value).__name__}, and templates take plain values only.",
                hint="Pass text, a number, a date or a list of texts.",
            )
        if size > MAX_VALUE_CHARS:
            raise Rejected(f"Template variable {name!r} has {size} characters; the most is {MAX_VALUE_CHARS}.")
    return checked


def render_to_text(template: Template, values: Mapping[str, object]) -> str:
    """Rendered text of at most MAX_OUTPUT_BYTES. Raises Rejected for missing values and for longer output."""
    parts: list[str] = []
    size = 0
    try:
        for part in template.generate(**check_values(values)):
            size += len(part.encode("utf-8", "surrogatepass"))
            if size > MAX_OUTPUT_BYTES:
                raise Rejected(f"The template made more than {MAX_OUTPUT_BYTES // 1024} KB of text and was stopped.")
            parts.append(part)
    except TemplateError as error:
        raise Rejected(f"The template could not be rendered: {error.message}.") from error
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise Rejected(f"The template could not be rendered: {type(error).__name__}.") from error
    return "".join(parts)


def load(path: str) -> Template:
    """One of our own templates, by its path under prompts/. Raises FixConfiguration where it is missing or broken."""
    try:
        return environment().get_template(path)
    except TemplateError as error:
        raise FixConfiguration(
            f"The template {path!r} cannot be loaded: {type(error).__name__}.",
            hint="The installation is incomplete: install SalesOS again.",
        ) from error

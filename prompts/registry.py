"""Every template there is, flat. Adding one is one file under prompts/<language>/ and one line here.

A change of wording raises the version: drafts record "name@version" for each sentence, and evals compare versions.
"""

from dataclasses import dataclass

from core.errors import FixConfiguration
from prompts.environment import ROOT, load, render_to_text
from prompts.variables import (
    DiscoveryVariables,
    HookVariables,
    MeetingVariables,
    ReadingVariables,
    RecapVariables,
    RewriteVariables,
    ThreadVariables,
    Variables,
    WhichVariables,
)

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class TemplateSpec:
    name: str
    version: int
    variables: type[Variables]
    purpose: str
    languages: tuple[str, ...] = (DEFAULT_LANGUAGE,)

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.version}"

    def path(self, language: str) -> str:
        return f"{language}/{self.name}.j2"


@dataclass(frozen=True, slots=True)
class Rendered:
    text: str  # may hold marks: prompts.marks.unmark
    template: str  # "first_mail/hiring@1"


TEMPLATES: tuple[TemplateSpec, ...] = (
    TemplateSpec("first_mail/hiring", 1, HookVariables, "the company is hiring"),
    TemplateSpec("first_mail/funding", 1, HookVariables, "the company raised money"),
    TemplateSpec("first_mail/technology", 1, HookVariables, "the company uses a technology we work with"),
    TemplateSpec("first_mail/news", 1, HookVariables, "something about the company was published"),
    TemplateSpec("first_mail/description", 1, HookVariables, "only a description of the company is known"),
    TemplateSpec("first_mail/role", 1, HookVariables, "only the recipient's role is known"),
    TemplateSpec("follow_up/proof", 1, ThreadVariables, "second angle: what it did for somebody else"),
    TemplateSpec("follow_up/fact", 1, ThreadVariables, "third angle: another fact about the company"),
    TemplateSpec("follow_up/owner", 1, ThreadVariables, "fourth angle: who looks after this"),
    TemplateSpec("follow_up/close", 1, ThreadVariables, "the last one: closes the thread"),
    TemplateSpec("meeting/proposal", 2, MeetingVariables, "held times to choose from"),
    TemplateSpec("meeting/which", 1, WhichVariables, "which of two times did they mean, and held times"),
    TemplateSpec("meeting/missed", 1, MeetingVariables, "a missed meeting, and new times"),
    TemplateSpec("meeting/recap", 1, RecapVariables, "what was agreed in a meeting"),
    TemplateSpec("reply/question", 1, ThreadVariables, "an answer is coming: a person writes it"),
    TemplateSpec("reply/interested", 1, ThreadVariables, "thanks, and the offer of a call"),
    TemplateSpec("reply/objection", 1, ThreadVariables, "takes a doubt seriously, argues nothing away"),
    TemplateSpec("reply/not_now", 1, ThreadVariables, "later is fine"),
    TemplateSpec("reply/wrong_person", 1, ThreadVariables, "an apology, and the end of it"),
    TemplateSpec("reply/referral", 1, ThreadVariables, "thanks for the name"),
    TemplateSpec("intervention/low_usage", 1, HookVariables, "a customer uses it less"),
    TemplateSpec("intervention/renewal", 1, HookVariables, "a contract is about to renew"),
    TemplateSpec("intervention/tickets", 1, HookVariables, "support tickets pile up"),
    TemplateSpec("intervention/champion_left", 1, HookVariables, "the person who ran it left"),
    TemplateSpec("task/linkedin", 1, HookVariables, "a note for a rep to send by hand"),
    TemplateSpec("task/sms", 1, HookVariables, "a text for a rep to send, or for an account where that is allowed"),
    TemplateSpec("task/phone", 1, HookVariables, "a call script for a rep"),
    TemplateSpec("system/rewrite", 1, RewriteVariables, "rules for rewriting sentences"),
    TemplateSpec("system/discovery", 1, DiscoveryVariables, "rules for reading a transcript"),
    TemplateSpec("system/reading", 2, ReadingVariables, "rules for reading a reply"),
)

_BY_NAME = {spec.name: spec for spec in TEMPLATES}


def spec_of(name: str) -> TemplateSpec:
    spec = _BY_NAME.get(name)
    if spec is None:
        raise FixConfiguration(f"There is no template {name!r}.", hint=f"There are: {', '.join(sorted(_BY_NAME))}.")
    return spec


def source_of(spec: TemplateSpec, language: str = DEFAULT_LANGUAGE) -> str:
    """The template as it is written, for people to read. It is changed in the code, with its version."""
    return (ROOT / spec.path(language)).read_text(encoding="utf-8")


def render(name: str, variables: Variables, language: str = DEFAULT_LANGUAGE) -> Rendered:
    """The template's text. Raises FixConfiguration for an unknown name, language or wrong type of variables."""
    spec = spec_of(name)
    if language not in spec.languages:
        raise FixConfiguration(
            f"The template {name!r} is not written in {language!r} yet.", hint=f"It is in {', '.join(spec.languages)}."
        )
    if type(variables) is not spec.variables:
        raise FixConfiguration(
            f"The template {name!r} takes {spec.variables.__name__}, not {type(variables).__name__}."
        )
    values = {field: getattr(variables, field) for field in type(variables).model_fields}
    return Rendered(render_to_text(load(spec.path(language)), values), spec.reference)

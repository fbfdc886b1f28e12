"""A tool: a typed function whose arguments and answer are both validated.

Deterministic agents call it directly. Only where a model may choose is it wrapped for LangChain, which validates
neither answers nor anything it hides from the schema; this is also the one place where errors become tool messages.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from langchain_core.tools import StructuredTool, ToolException
from pydantic import BaseModel, ValidationError

from core.errors import FixConfiguration, ModelMayRetry, ModelMustStop, Rejected, RetryAt, SalesOSError

Deps = TypeVar("Deps")
In = TypeVar("In", bound=BaseModel)
Out = TypeVar("Out", bound=BaseModel)

MAX_MESSAGE_CHARS = 2_000  # what a model is told of an error; more of it teaches nothing


@dataclass(frozen=True)
class Tool(Generic[Deps, In, Out]):
    """`run` gets its dependencies first: they are never part of what a model sees or fills in."""

    name: str
    description: str
    args: type[In]
    returns: type[Out]
    run: Callable[[Deps, In], Out]
    writes: bool = False  # changes something: no model may choose it

    def __call__(self, deps: Deps, args: In | Mapping[str, Any]) -> Out:
        """Raises ModelMayRetry for arguments that do not fit, FixConfiguration for a tool that breaks its own word."""
        try:
            given = args if isinstance(args, self.args) else self.args.model_validate(args)
        except ValidationError as error:
            raise ModelMayRetry(
                f"The arguments of {self.name} do not fit: {_reasons(error)}.", code="tool_arguments"
            ) from error
        result = self.run(deps, given)
        try:
            # From a dump, so that an instance made with model_construct is validated like anything else.
            data = result.model_dump(warnings=False) if isinstance(result, BaseModel) else result
            return self.returns.model_validate(data)
        except ValidationError as error:
            raise FixConfiguration(
                f"The tool {self.name} returned something else than it promises: {_reasons(error)}.",
                hint="This is a defect of the tool, not of the call.",
                code="tool_answer",
            ) from error

    def as_langchain(self, deps: Deps) -> StructuredTool:
        """For a model to choose: the message is the answer as JSON, the artifact the answer itself.

        Raises FixConfiguration for a tool that writes: effects go through the outbox, never through a model's choice.
        """
        if self.writes:
            raise FixConfiguration(
                f"The tool {self.name} writes, so no model may be offered it.",
                hint="Call it from an agent's own rules.",
            )

        def run(**given: Any) -> tuple[str, Out]:
            try:
                answer = self(deps, given)
            except SalesOSError as error:
                raise ToolException(as_message(error)) from error
            return answer.model_dump_json(), answer

        return StructuredTool.from_function(
            func=run,
            name=self.name,
            description=self.description,
            args_schema=self.args,
            response_format="content_and_artifact",
            handle_tool_error=str,
            handle_validation_error=lambda error: as_message(
                ModelMayRetry(f"The arguments of {self.name} do not fit: {_reasons(error)}.")
            ),
        )


def as_message(error: SalesOSError) -> str:
    """What a model is told: whether to try again, to give up, or to leave it to somebody else."""
    match error:
        case ModelMayRetry():
            advice = "Correct it and try again."
        case ModelMustStop():
            advice = "Do not try this again."
        case RetryAt():
            advice = "It is a passing fault: go on without it."
        case FixConfiguration():
            # The details are for whoever runs it; a model can do nothing with them but repeat them.
            return "This tool is out of order. Go on without it."
        case Rejected():
            advice = "It was refused: do not repeat the same call."
        case _:
            advice = "A person will decide: go on without it."
    return f"{error} {advice}"[:MAX_MESSAGE_CHARS]


def _reasons(error: Any) -> str:
    """Places and rules, never the values: they may be personal."""
    if not isinstance(error, ValidationError):
        return "they break the schema"
    items = error.errors(include_url=False, include_input=False, include_context=False)[:3]
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'all'}: {item['type']}" for item in items)

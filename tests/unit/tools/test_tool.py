"""Our typed tool: both ends validated, errors turned into messages in one place. Nothing is faked."""

from typing import Any

import pytest
from pydantic import BaseModel

from core.errors import FixConfiguration, ModelMayRetry, ModelMustStop, PersonMustDecide, Rejected, RetryAt
from tools.tool import Tool, as_message


class Ask(BaseModel):
    company: str
    limit: int = 3


class Found(BaseModel):
    names: list[str]


def tool(run: Any, *, writes: bool = False) -> Tool[Any, Ask, Found]:
    return Tool("find_people", "Finds people.", Ask, Found, run, writes)


GOOD = tool(lambda deps, args: Found(names=[f"{deps}:{args.company}"] * args.limit))


def test_arguments_and_answer_are_validated() -> None:
    assert GOOD("db", {"company": "Acme", "limit": 2}) == Found(names=["db:Acme"] * 2)
    assert GOOD("db", Ask(company="Acme")).names == ["db:Acme"] * 3
    with pytest.raises(ModelMayRetry) as caught:
        GOOD("db", {"company": "Acme", "limit": "secret-value"})
    assert "limit" in caught.value.message
    assert "secret-value" not in caught.value.message
    with pytest.raises(FixConfiguration):
        tool(lambda deps, args: {"nope": 1})("db", {"company": "Acme"})
    with pytest.raises(FixConfiguration):
        tool(lambda deps, args: Found.model_construct(names="not a list"))("db", {"company": "Acme"})


def call(found: Tool[Any, Ask, Found], **args: Any) -> Any:
    return found.as_langchain("db").invoke({"type": "tool_call", "id": "1", "name": found.name, "args": args})


def test_a_model_sees_the_answer_as_json_and_never_the_dependencies() -> None:
    message = call(GOOD, company="Acme", limit=1)
    assert message.content == '{"names":["db:Acme"]}'
    assert message.artifact == Found(names=["db:Acme"])
    assert set(GOOD.as_langchain("db").args) == {"company", "limit"}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModelMayRetry("No such name."), "try again"),
        (ModelMustStop("Over budget."), "Do not try this again"),
        (RetryAt("Busy."), "go on without it"),
        (PersonMustDecide("Unclear."), "A person will decide"),
        (Rejected("Not allowed."), "do not repeat"),
        (FixConfiguration("Key sk-123 is wrong."), "out of order"),
    ],
)
def test_errors_become_tool_messages_that_say_what_to_do(error: Exception, said: str) -> None:
    def fail(deps: Any, args: Ask) -> Found:
        raise error

    message = call(tool(fail), company="Acme")
    assert message.status == "error"
    assert said in message.content
    assert "sk-123" not in message.content
    assert said in as_message(error)  # type: ignore[arg-type]


def test_wrong_arguments_from_a_model_are_answered_not_raised() -> None:
    message = call(GOOD, limit="many")
    assert message.status == "error"
    assert "company" in message.content
    assert "many" not in message.content


def test_a_defect_is_raised_not_told_to_the_model() -> None:
    def broken(deps: Any, args: Ask) -> Found:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        call(tool(broken), company="Acme")


def test_a_tool_that_writes_is_offered_to_no_model() -> None:
    with pytest.raises(FixConfiguration):
        tool(lambda deps, args: Found(names=[]), writes=True).as_langchain("db")

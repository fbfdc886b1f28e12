"""The supervisor as a drawing and as a table, for docs/supervisor.md."""

from agents.context import AgentContext
from agents.step import Outcome, Step, Trigger
from graphs.routing import AGENTS, OUTBOX, RULES
from graphs.supervisor import build_supervisor


def drawing() -> str:
    """Mermaid text, made offline by LangGraph from the compiled graph."""

    def still(context: AgentContext, step: Step) -> Outcome:
        return Outcome(step.stage, Trigger.NOTHING, "Only drawn.")

    return build_supervisor(dict.fromkeys((*AGENTS, OUTBOX), still), None).get_graph().draw_mermaid()


def table() -> str:
    """The rules in their order, as Markdown."""
    lines = ["| Subject | Stage | Trigger | Goes to | Because |", "|---|---|---|---|---|"]
    for rule in RULES:
        stage = "any" if rule.stage == "*" else f"`{rule.stage}`"
        goes = "end" if rule.next == "__end__" else f"`{rule.next}`"
        lines.append(f"| {rule.subject.value} | {stage} | `{rule.trigger.value}` | {goes} | {rule.reason} |")
    return "\n".join(lines) + "\n"

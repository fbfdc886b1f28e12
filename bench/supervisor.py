"""Supervisor against supervisor: the same ten agents, the same no-op work, the same saver, the same durability.

    python -m bench.supervisor [--leads N]

The peer is langgraph-supervisor with a model that answers at once: its routing is a model call a hop. Ours is a table.
What each side does less of: the peer's agents keep the whole conversation in its state and can change their mind at
any hop; ours keep ids and follow a policy that somebody wrote. Ours, as measured in the first lines, writes no
decision rows; the line "with decisions" does, into a store on disk.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

warnings.filterwarnings("ignore", category=DeprecationWarning)

from langchain_core.callbacks import CallbackManagerForLLMRun  # noqa: E402
from langchain_core.language_models import BaseChatModel  # noqa: E402
from langchain_core.messages import AIMessage, BaseMessage  # noqa: E402
from langchain_core.outputs import ChatGeneration, ChatResult  # noqa: E402
from langgraph.checkpoint.sqlite import SqliteSaver  # noqa: E402
from langgraph.graph import START, MessagesState, StateGraph  # noqa: E402
from langgraph_supervisor import create_supervisor  # noqa: E402

from agents.context import AgentContext  # noqa: E402
from agents.step import Agent, Outcome, Step, SubjectKind, Trigger  # noqa: E402
from bench.report import Line, print_lines  # noqa: E402
from core.clock import SystemClock  # noqa: E402
from core.ids import SystemIds  # noqa: E402
from core.settings import Settings  # noqa: E402
from graphs import routing  # noqa: E402
from graphs.decisions import record  # noqa: E402
from graphs.state import ThreadState, initial  # noqa: E402
from graphs.supervisor import build_supervisor  # noqa: E402
from store import migrations  # noqa: E402
from store.models import Workspace  # noqa: E402
from store.session import Database  # noqa: E402

COHORT = 100
ROUNDS = 3
_ANSWERS = {name: routing.EMITS[name][0] for name in routing.AGENTS}


@dataclass
class Counted:
    calls: int = 0


class RoutingModel(BaseChatModel):
    """Hands over to the ten agents one after the other, without thinking."""

    counted: Any = None

    @property
    def _llm_type(self) -> str:
        return "zero-latency"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.counted.calls += 1
        done = sum(1 for m in messages if m.type == "ai" and (m.name or "").startswith("agent_"))
        if done < len(routing.AGENTS):
            call = {"name": f"transfer_to_agent_{done}", "args": {}, "id": f"call_{uuid4().hex}"}
            answer = AIMessage(content="", tool_calls=[call])
        else:
            answer = AIMessage(content="done")
        return ChatResult(generations=[ChatGeneration(message=answer)])


def peer_graph(saver: SqliteSaver, counted: Counted) -> Any:
    def agent(number: int) -> Any:
        name = f"agent_{number}"

        def work(_state: MessagesState) -> dict[str, Any]:
            return {"messages": [AIMessage(content="done", name=name)]}

        graph = StateGraph(MessagesState)
        graph.add_node("work", work)
        graph.add_edge(START, "work")
        return graph.compile(name=name)

    agents = [agent(number) for number in range(len(routing.AGENTS))]
    supervisor = create_supervisor(agents, model=RoutingModel(counted=counted), add_handoff_back_messages=False)
    return supervisor.compile(checkpointer=saver)


def our_graph(saver: SqliteSaver, recorder: Any) -> Any:
    order = (*routing.AGENTS, routing.END)

    def agent(name: str, number: int) -> Agent:
        def work(context: AgentContext, step: Step) -> Outcome:
            return Outcome(str(number + 1), _ANSWERS[name], "done")

        return work

    def policy(_subject: SubjectKind, stage: str, _trigger: Trigger) -> routing.Route:
        return routing.Route(order[int(stage)], "next")

    agents = {name: agent(name, number) for number, name in enumerate(routing.AGENTS)}
    agents[routing.OUTBOX] = agent(routing.CRM, 0)
    return build_supervisor(agents, saver, policy=policy, recorder=recorder)


def _nothing(*_args: object) -> None:
    return


class _Bench:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files = 0

    def saver(self) -> SqliteSaver:
        self._files += 1
        connection = sqlite3.connect(self._directory / f"{self._files}.db", check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        saver = SqliteSaver(connection)
        saver.setup()
        return saver

    def time(
        self, graph: Any, saver: SqliteSaver, passes: int, give: Callable[[], Any], context: Any
    ) -> tuple[float, float]:
        """(passes a second, checkpoint bytes a pass)."""
        started = time.perf_counter()
        for _ in range(passes):
            config = {"configurable": {"thread_id": uuid4().hex}, "recursion_limit": 200}
            graph.invoke(give(), config, context=context, durability="sync")
        seconds = time.perf_counter() - started
        return passes / seconds, _bytes(saver) / passes


def _bytes(saver: SqliteSaver) -> int:
    query = (
        "SELECT (SELECT coalesce(sum(length(checkpoint) + length(metadata)), 0) FROM checkpoints)"
        " + (SELECT coalesce(sum(length(value)), 0) FROM writes)"
    )
    return int(saver.conn.execute(query).fetchone()[0])


def _lead() -> ThreadState:
    step = Step(SubjectKind.LEAD, uuid4(), "0", Trigger.RUN_STEP)
    return initial(step, uuid4())


def _message(leads: int) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": " ".join(uuid4().hex for _ in range(leads))}]}


def run(leads: int = 60) -> list[Line]:
    """Median of three interleaved rounds."""
    with tempfile.TemporaryDirectory() as directory:
        return _run(leads, Path(directory))


def _run(leads: int, directory: Path) -> list[Line]:
    bench, counted = _Bench(directory), Counted()
    context = _context(directory)
    kinds: dict[str, Callable[[], tuple[float, float]]] = {}

    def one(
        make: Callable[[SqliteSaver], Any], give: Callable[[], Any], passes: int
    ) -> Callable[[], tuple[float, float]]:
        def measure() -> tuple[float, float]:
            saver = bench.saver()
            return bench.time(make(saver), saver, passes, give, context)

        return measure

    kinds["peer"] = one(lambda s: peer_graph(s, counted), lambda: _message(1), max(10, leads // 4))
    kinds["ours"] = one(lambda s: our_graph(s, _nothing), _lead, leads)
    kinds["decisions"] = one(lambda s: our_graph(s, record), _lead, leads)
    kinds["peer cohort"] = one(lambda s: peer_graph(s, counted), lambda: _message(COHORT), max(10, leads // 4))
    rates: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for _ in range(ROUNDS):
        for kind, measure in kinds.items():
            rates[kind].append(measure())
    median = {kind: statistics.median(rate for rate, _ in found) for kind, found in rates.items()}
    size = {kind: statistics.median(count for _, count in found) for kind, found in rates.items()}
    peer_passes = ROUNDS * 2 * max(10, leads // 4)
    routed = counted.calls / peer_passes
    peer = median["peer"]
    name = f"langgraph-supervisor {version('langgraph-supervisor')}"
    ours, cohort = median["ours"], median["peer cohort"]

    def line(what: str, rate: float, note: str) -> Line:
        return Line(what, f"{rate:,.1f} leads/s", f"{rate / peer:.1f} ×", note)

    together = f"{COHORT} leads a thread"
    ours_note = f"ids in the store; {size['ours'] / COHORT:,.0f} B a lead; {ours / cohort:.1f} × the peer's cohort"
    return [
        line(f"{name}, a thread a lead", peer, f"{routed:.0f} routing calls a lead, {size['peer']:,.0f} B"),
        line("ours, a thread a lead", ours, f"0 routing calls, {size['ours']:,.0f} B"),
        line("ours, with decisions", median["decisions"], "20 decision rows a lead, committed"),
        line(
            f"{name}, {together}", cohort * COHORT, f"ids in one message; {size['peer cohort'] / COHORT:,.0f} B a lead"
        ),
        line(f"ours, {together}", ours * COHORT, ours_note),
    ]


def _context(directory: Path) -> AgentContext:
    """Only what writing a decision needs."""
    url = f"sqlite:///{directory / 'store.db'}"
    migrations.upgrade(url)
    database, workspace_id = Database(url), uuid4()
    with database.unscoped(writes=True) as session:
        session.add(Workspace(id=workspace_id, slug="bench", name="Bench", created_at=datetime.now(UTC)))
    nobody: Any = None
    return AgentContext(database, workspace_id, SystemClock(), SystemIds(), nobody, nobody, Settings())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=60)
    print_lines("Supervisors, ten agents, SqliteSaver, sync", run(parser.parse_args().leads))


if __name__ == "__main__":
    main()

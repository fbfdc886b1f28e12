"""The start-up check: which parked threads wait at a node that no longer exists?

LangGraph ends such a thread without a word when it is resumed. The approval itself is a row, so nothing is lost:
`release` drops the stale position, and the decision enters the thread anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from graphs.supervisor import Graph

_BRANCH = "branch:to:"  # how LangGraph 1.2 names the channel that wakes a node


@dataclass(frozen=True, slots=True)
class Parked:
    thread_id: str
    nodes: tuple[str, ...]  # where it waits


def parked_threads(checkpointer: BaseCheckpointSaver[Any]) -> Iterator[Parked]:
    """Every thread that has a position, newest checkpoint only. Finished threads keep none."""
    seen: set[str] = set()
    for saved in checkpointer.list(None):
        thread_id = str(saved.config["configurable"]["thread_id"])
        if thread_id in seen:
            continue
        seen.add(thread_id)
        channels = saved.checkpoint["channel_values"]
        nodes = sorted(name.removeprefix(_BRANCH) for name in channels if name.startswith(_BRANCH))
        yield Parked(thread_id, tuple(nodes))


def stranded_threads(graph: Graph, checkpointer: BaseCheckpointSaver[Any]) -> list[Parked]:
    """Parked threads that wait at a node the graph does not have."""
    known = set(graph.nodes)
    return [parked for parked in parked_threads(checkpointer) if set(parked.nodes) - known]


def release(checkpointer: BaseCheckpointSaver[Any], stranded: list[Parked]) -> None:
    for parked in stranded:
        checkpointer.delete_thread(parked.thread_id)

"""Which callable stands behind each node of the supervisor."""

from collections.abc import Mapping
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from agents.calendar import calendar
from agents.churn import churn
from agents.contact_finder import contact_finder
from agents.crm import crm
from agents.discovery.model import discovery
from agents.email import email
from agents.engagement import engagement
from agents.enrichment import enrichment
from agents.intervention import intervention
from agents.lead_source import lead_source
from agents.scorer import scorer
from agents.sending import queue_approved
from agents.step import Agent
from graphs import routing
from graphs.supervisor import build_supervisor
from graphs.threads import Threads

NODES: Mapping[str, Agent] = {
    routing.LEAD_SOURCE: lead_source,
    routing.ENRICHMENT: enrichment,
    routing.CONTACT_FINDER: contact_finder,
    routing.SCORER: scorer,
    routing.EMAIL: email,
    routing.CALENDAR: calendar,
    routing.CRM: crm,
    routing.ENGAGEMENT: engagement,
    routing.CHURN: churn,
    routing.INTERVENTION: intervention,
    routing.DISCOVERY: discovery,
    routing.OUTBOX: queue_approved,
}


def supervisor_threads(checkpointer: BaseCheckpointSaver[Any]) -> Threads:
    """The product's own graph, ready to advance threads."""
    return Threads(build_supervisor(NODES, checkpointer), checkpointer)

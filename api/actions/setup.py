"""What the set-up guide does that no other page does: sample data, and first drafts ahead of their time."""

from dataclasses import replace
from pathlib import Path

from agents import importing
from agents.ahead import draft_ahead
from agents.context import AgentContext
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import Conflict, FixConfiguration
from core.settings import DeliveryMode
from store import audit
from store.models import ImportBatch, ImportState
from tools.mapping.document import Kind, SignalMapping
from tools.providers.company_source.files import FileCompanySource
from tools.providers.email_verifier.checks import ChecksVerifier
from tools.providers.mail_domains.dns import OfflineMailDomains
from tools.providers.usage.files import FileUsageSource

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_FILES = ((Kind.COMPANY, "sample_companies.csv"), (Kind.PERSON, "sample_people.csv"))
_READERS = importing.Readers(FileCompanySource, FileUsageSource)
_AHEAD = 5  # drafts to begin with: enough to see what they are like


def take_in_sample(deps: Dependencies, principal: Principal) -> tuple[int, int]:
    """Imports invented companies and their people, as any file is. (companies, people) that are here by it; the same
    again changes nothing. Raises Forbidden, Conflict (mail really leaves here), FixConfiguration (no such files)."""
    principal.require(Permission.SETTINGS)
    principal.require(Permission.RECORDS)
    if deps.settings.delivery is DeliveryMode.SMTP:
        raise Conflict(
            "Approved mails really leave this server, and nobody lives at the sample's addresses: they would bounce.",
            hint="Import people of your own, or start SalesOS with SALESOS_DELIVERY=folder to try it.",
            code="would_leave",
        )
    context = deps.context_for(principal.workspace_id)
    # Addresses under .example are nobody's: DNS would say so of all of them, and none could be tried.
    unasked = ChecksVerifier(OfflineMailDomains())
    context = replace(context, tools=replace(context.tools, email_verifier=unasked))
    batches = [_take_in(context, kind, EXAMPLES / name) for kind, name in _FILES]
    if any(new for _, new in batches):
        with deps.database.write(principal.workspace_id) as session:
            audit.append(
                session,
                deps.clock,
                deps.ids,
                actor=principal.actor,
                action="setup.sample_imported",
                subject_kind="workspace",
                subject_id=principal.workspace_id,
                details={"import_ids": [str(batch.id) for batch, _ in batches]},
            )
    return batches[0][0].rows_kept, batches[1][0].rows_kept


def first_drafts(deps: Dependencies, principal: Principal) -> int:
    """Has the first mails of the best leads drafted now, and says how many. Raises Forbidden."""
    principal.require(Permission.RUNS)
    with deps.database.write(principal.workspace_id) as session:
        found = draft_ahead(session, deps.clock, _AHEAD)
        if found:
            session.flush()
            audit.append(
                session,
                deps.clock,
                deps.ids,
                actor=principal.actor,
                action="setup.drafted_ahead",
                subject_kind="workspace",
                subject_id=principal.workspace_id,
                details={"touch_count": found},
            )
        return found


def _take_in(context: AgentContext, kind: Kind, path: Path) -> tuple[ImportBatch, bool]:
    if not path.is_file():
        raise FixConfiguration(
            "The sample data is not on this server.", hint="It lies in the folder examples beside the code."
        )
    mapping = importing.propose(kind, path).document
    if kind is Kind.COMPANY:  # a column of words is not guessed to be a signal; here it is known to be one
        mapping = mapping.model_copy(update={"signals": (SignalMapping(kind="hiring", column="Hiring"),)})
    batch = importing.open_batch(context, kind, path, mapping)
    if batch.state is ImportState.DONE:
        return batch, False
    return importing.take_in(context, batch, mapping, _READERS, lambda _: None), True

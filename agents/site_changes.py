"""What changed on companies' sites since they were last read: prices, plans, technologies, each as a dated signal.

The first reading changes nothing: there is nothing to compare it with. A site that cannot be read is not compared: an
outage drops no technology.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from store import bulk
from store.models import SiteMemory
from tools.ports import SignalRecord
from tools.site_reader import SiteReading
from tools.site_reader.changes import PageSnapshot, compare, signal_of

_SNAPSHOT: TypeAdapter[PageSnapshot] = TypeAdapter(PageSnapshot)
# A page that a site leaves out now and then (an A/B test, a script that was blocked) is no technology dropped: fewer
# than this of the technologies known before must be left for the reading to count as whole.
_LEAST_KEPT = 0.5


def changes_since(
    session: Session, read: Sequence[tuple[UUID, SiteReading]], now: datetime
) -> list[tuple[UUID, SignalRecord]]:
    """Signals of what differs from the reading before, which this one then replaces. Two statements."""
    query = select(SiteMemory).where(col(SiteMemory.id).in_([company_id for company_id, _ in read]))
    before = {row.id: row for row in session.exec(query)}
    found: list[tuple[UUID, SignalRecord]] = []
    rows = []
    for company_id, reading in read:
        old = before.get(company_id)
        technologies = sorted({str(f.value) for f in reading.findings if f.field == "technology"}, key=str.casefold)
        pricing = reading.pricing
        if old is not None:
            if pricing is not None and old.pricing is not None:
                earlier = _SNAPSHOT.validate_python(old.pricing)
                if earlier.observed_at <= pricing.observed_at and (
                    signal := signal_of(compare(earlier, pricing), "pricing_page_changed")
                ):
                    found.append((company_id, signal))
            found += [(company_id, signal) for signal in _technologies(old.technologies, technologies, reading, now)]
        kept = _SNAPSHOT.dump_python(pricing, mode="json") if pricing is not None else old.pricing if old else None
        rows.append({"id": company_id, "pricing": kept, "technologies": technologies, "read_at": now})
    bulk.upsert(session, SiteMemory, rows)
    return found


def _technologies(
    before: Sequence[str], after: Sequence[str], reading: SiteReading, now: datetime
) -> list[SignalRecord]:
    if not before or len(set(before) & set(after)) < _LEAST_KEPT * len(before):
        return []
    evidence = {str(f.value): f for f in reading.findings if f.field == "technology"}
    added = [
        SignalRecord("technology_added", now, evidence[name].quote, evidence[name].url, 0.8)
        for name in after
        if name not in before
    ]
    page = next((f.url for f in reading.findings), "")
    gone = [
        SignalRecord("technology_removed", now, f"{name} is no longer on the site.", page, 0.5)
        for name in before
        if name not in after
    ]
    return [*added, *gone]

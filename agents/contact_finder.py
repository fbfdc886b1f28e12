"""The contact finder: people of a cohort's companies, verified and read, the best few of each made leads.

The best few are spread over the buying committee: an economic buyer, a champion and a user say more than three of one.
Who is missing is kept with the company, seat by seat.

    agents/contacts/finding.py     who works there          agents/contacts/verifying.py   whether an address takes mail
    agents/contacts/addresses.py   where they take mail     agents/contacts/seats.py       leads and empty seats
"""

from agents.buying.standing import settled_last
from agents.company_view import icp_of
from agents.contacts.addresses import Addresses
from agents.contacts.finding import find_people
from agents.contacts.purse import Purse
from agents.contacts.seats import make_leads
from agents.contacts.standing import counted, load_standing
from agents.contacts.verifying import Verifying
from agents.context import AgentContext
from agents.policy import load_policy
from agents.step import Outcome, Step, Trigger
from scoring.criteria import CompiledIcp
from scoring.icp import parse_icp
from store.models import Cohort, CohortStage, Run


def contact_finder(context: AgentContext, step: Step) -> Outcome:
    with context.database.read(context.workspace_id) as session:
        cohort = session.get(Cohort, (context.workspace_id, step.subject_id))
        if cohort is None or cohort.stage is not CohortStage.ENRICHED:
            return Outcome(cohort.stage.value if cohort else step.stage, Trigger.NOTHING, "Contacts were found before.")
        run = session.get(Run, (context.workspace_id, cohort.run_id))
        assert run is not None
        version = icp_of(session, run)
        icp = parse_icp(version.definition)
        policy = load_policy(session)
        standing = load_standing(session, cohort.id, icp, context.clock.now())
        last_tier = settled_last(session, list(standing.companies), CompiledIcp(icp), context.clock.now())
    purse = Purse(context, run.id, policy, standing.spent, last_tier)
    verifying = Verifying(context, run.id, purse)
    found = find_people(context, run.id, cohort.id, icp, policy, purse, verifying)
    with context.database.read(context.workspace_id) as session:
        standing = load_standing(session, cohort.id, icp, context.clock.now())
    addresses = Addresses(context, run.id, standing, icp.roles, policy, purse, verifying)
    addresses.find()
    with context.database.write(context.workspace_id) as session:
        # Read again in the transaction that makes the leads: who was erased meanwhile is none.
        standing = load_standing(session, cohort.id, icp, context.clock.now())
        chosen = make_leads(session, context, run, version.icp_id, icp.roles, standing, policy.contacts_per_company)
        current = session.get(Cohort, (context.workspace_id, cohort.id))
        assert current is not None
        current.stage = CohortStage.CONTACTS_FOUND
        session.add(current)
    reason = (
        f"Found {found} people and {addresses.done['addresses']} addresses at {len(standing.companies)} companies; "
        f"{chosen.leads} leads. {chosen.companies_without} companies have nobody to write to."
    )
    if last_tier:
        reason += f" Nothing can lift {len(last_tier)} of them out of tier 4: nobody was paid for people there."
    inputs = {
        "people": found,
        "addresses": addresses.done["addresses"],
        "verdicts": addresses.done["verdicts"],
        "leads": chosen.leads,
        "companies_without": chosen.companies_without,
        "last_tier": len(last_tier),
        "open_seats": counted(chosen.open_seats),
        "asked": purse.asked,
        "cost_micros": purse.cost_micros,
        "gaps": counted(purse.gaps),
    }
    return Outcome("contacts_found", Trigger.READY, reason, inputs=inputs)

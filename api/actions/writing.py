"""Trying, adopting and stopping variants; adopting and undoing rules: the right, the transaction, the answer."""

from uuid import UUID

from agents.writing import rules, variants
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.problems import Invalid
from api.views.writing import EditRuleItem, VariantOut, rule_list, variant_view
from core.errors import NotFound


def add_variant(
    deps: Dependencies, principal: Principal, *, template: str, name: str, source: str, max_companies: int
) -> VariantOut:
    """Raises Forbidden, Invalid (the gate), Rejected, Conflict."""
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        try:
            row = variants.add(
                session, context, template=template, name=name, source=source, by=principal.actor,
                max_companies=max_companies,
            )  # fmt: skip
        except variants.VariantRefused as error:
            listed = [{"path": where, "message": text} for where, text in error.problems]
            raise Invalid(
                "These words cannot be sent.", listed, hint="Mend what is named; nothing was saved."
            ) from error
        return variant_view(session, context, row.id)


def adopt_variant(deps: Dependencies, principal: Principal, variant_id: UUID, *, anyway: bool) -> VariantOut:
    """Raises Forbidden, NotFound, Conflict (not shown to be better)."""
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        variants.adopt(session, context, variant_id, by=principal.actor, anyway=anyway)
        return variant_view(session, context, variant_id)


def stop_variant(deps: Dependencies, principal: Principal, variant_id: UUID) -> VariantOut:
    """Raises Forbidden, NotFound, Conflict."""
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        variants.stop(session, context, variant_id, by=principal.actor)
        return variant_view(session, context, variant_id)


def adopt_rule(deps: Dependencies, principal: Principal, rule_id: UUID) -> EditRuleItem:
    """Raises Forbidden, NotFound, Conflict."""
    return _decide(deps, principal, rule_id, adopted=True)


def undo_rule(deps: Dependencies, principal: Principal, rule_id: UUID) -> EditRuleItem:
    """Raises Forbidden, NotFound, Conflict."""
    return _decide(deps, principal, rule_id, adopted=False)


def _decide(deps: Dependencies, principal: Principal, rule_id: UUID, *, adopted: bool) -> EditRuleItem:
    principal.require(Permission.POLICIES)
    principal.require(Permission.PEOPLE)  # its words are words of mails
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        change = rules.adopt if adopted else rules.undo
        change(session, context, rule_id, by=principal.actor)
        session.flush()
        found = next((one for one in rule_list(session, context).items if one.id == rule_id), None)
        if found is None:
            raise NotFound("There is no such rule.")
        return found

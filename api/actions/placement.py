"""Seeds added and removed, placement tests asked for: the right, the transaction; servers are asked outside of it."""

from collections.abc import Sequence
from uuid import UUID

from agents import placement
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views import placement as views
from core.errors import FixConfiguration, NotFound, Rejected
from store.models import Mailbox, SeedAddress
from tools.providers.mail_transport.check import problem_of_host


def add_seed(
    deps: Dependencies,
    principal: Principal,
    seed_id: UUID,
    *,
    address: str,
    provider: str,
    host: str,
    port: int,
    username: str,
    password: str,
) -> views.SeedOut:
    """Once its folders could be read. Raises Forbidden, Rejected (they cannot be), Conflict."""
    principal.require(Permission.MAILBOXES)
    context = deps.context_for(principal.workspace_id)
    if problem := problem_of_host(host, private_hosts=deps.settings.mail_private_hosts):
        raise Rejected(problem, hint="Give the IMAP server of the provider.")
    with deps.database.read(principal.workspace_id) as session:
        same = session.get(SeedAddress, (principal.workspace_id, seed_id))
    if same is not None:
        return views.seed_of(same)
    tried = SeedAddress(
        workspace_id=principal.workspace_id,
        id=seed_id,
        address=address,
        provider=provider,
        host=host.strip(),
        port=port,
        username=username.strip() or address.strip().lower(),
        created_by=principal.actor,
        created_at=deps.clock.now(),
    )
    try:
        problem = context.tools.seed_reader(tried, password).problem()
    except FixConfiguration as error:  # of this seed, not of the server: whoever typed it mends it
        problem = error.message
    if problem:
        raise Rejected(f"The seed's folders cannot be read. {problem}", hint="Check server, user name and password.")
    with deps.database.write(principal.workspace_id) as session:
        row = placement.add_seed(
            session,
            context,
            seed_id,
            address=address,
            provider=provider,
            host=host,
            port=port,
            username=username,
            password=password,
            by=principal.actor,
        )
        return views.seed_of(row)


def remove_seed(deps: Dependencies, principal: Principal, seed_id: UUID) -> None:
    """Raises Forbidden, NotFound."""
    principal.require(Permission.MAILBOXES)
    with deps.database.write(principal.workspace_id) as session:
        placement.remove_seed(session, deps.context_for(principal.workspace_id), seed_id, by=principal.actor)


def start(
    deps: Dependencies,
    principal: Principal,
    test_id: UUID,
    mailbox_id: UUID,
    *,
    template: str = "",
    subject: str = "",
    body: str = "",
    seed_ids: Sequence[UUID] = (),
) -> views.PlacementTestOut:
    """`template`: a kind of mail, whose words are sent; else the words given. Raises Forbidden, NotFound, Rejected,
    Conflict, FixConfiguration (no offer is set)."""
    principal.require(Permission.MAILBOXES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        mailbox = session.get(Mailbox, (principal.workspace_id, mailbox_id))
        if mailbox is None:
            raise NotFound("There is no such mailbox.")
        source = "given"
        if template:
            subject, body, name = placement.words_of_template(session, context, mailbox, template)
            source = f"template:{name}"
        if not subject.strip() or not body.strip():
            raise Rejected("A test needs words.", hint="Name a template, or give a subject and a body.")
        placement.start(
            session,
            context,
            test_id,
            mailbox_id,
            subject=subject.strip(),
            body=body.strip(),
            source=source,
            seed_ids=seed_ids,
            by=principal.actor,
        )
        return views.test(session, context.sealer, test_id)

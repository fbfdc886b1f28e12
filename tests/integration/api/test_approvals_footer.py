"""What the page shows of a mail is what the dispatcher writes, but for the token of the unsubscribe link."""

from email import message_from_bytes, policy

from fastapi.testclient import TestClient

from agents import jurisdiction
from store.models import Contact, Draft, Mailbox, OutboxItem, Role, Workspace
from tests.support.api_office import ApiOffice, sign_in, tell_a_story
from tools.mail.compose import compose
from tools.mail.unsubscribe import unsubscribe_url
from workers.letters import letter_of, words_of_draft


def test_the_text_is_the_text_that_leaves(client: TestClient, office: ApiOffice) -> None:
    (approval_id, draft_id), *_ = tell_a_story(office)
    context, here = office.office.context, office.workspace_id
    with office.deps.database.read(here) as session:
        draft = session.get(Draft, (here, draft_id))
        assert draft is not None
        contact = session.get(Contact, (here, draft.contact_id))
        mailbox = session.get(Mailbox, (here, draft.mailbox_id))
        workspace = session.get(Workspace, here)
        words = words_of_draft(context.sealer, draft)
        assert contact
        assert mailbox
        assert workspace
        assert words
        ruling = jurisdiction.rule(
            contact.country, contact.legal_basis, contact.legal_basis_evidence, action=draft.kind
        )
        now = office.deps.clock.now()
        item = OutboxItem(
            workspace_id=here,
            id=draft.id,
            key=f"mail:{draft.id}",
            kind="mail",
            subject_kind="lead",
            subject_id=draft.lead_id or draft.id,
            draft_id=draft.id,
            message_id=draft.message_id,
            not_before=now,
            created_at=now,
        )
        letter = letter_of(
            words=words,
            item=item,
            draft=draft,
            contact=contact,
            mailbox=mailbox,
            workspace=workspace,
            ruling=ruling,
            sealer=context.sealer,
            unsubscribe_url=lambda *_: unsubscribe_url(context.settings.public_url, "TOKEN"),
            now=now,
        )
    part = message_from_bytes(compose(letter), policy=policy.default).get_body(("plain",))
    assert part is not None
    key = office.key("read", "people:read")
    shown = client.get(f"/api/v1/approvals/{approval_id}/outgoing", headers=key).json()
    assert part.get_content().replace("\r\n", "\n").strip() == shown["text"].replace("…", "TOKEN").strip()
    assert client.get(f"/api/v1/approvals/{approval_id}/outgoing", headers=office.key("read")).status_code == 403


def test_notes_on_words_and_links_stand_beside_the_draft_and_hold_nothing_back(
    client: TestClient, office: ApiOffice
) -> None:
    (approval_id, draft_id), *_ = tell_a_story(office)
    key, here, sealer = office.key("read", "people:read"), office.workspace_id, office.office.context.sealer
    place = f"/api/v1/approvals/{approval_id}/outgoing"
    plain = {note["rule"] for note in client.get(place, headers=key).json()["notes"]}
    with office.deps.database.write(here) as session:
        draft = session.get_one(Draft, (here, draft_id))
        words = "Act now: https://bit.ly/x"
        draft.body_sealed, draft.links = sealer.seal(words, context=f"draft|body|{draft_id}"), ["https://bit.ly/x"]
        session.add(draft)
    shown = client.get(place, headers=key).json()
    rules = [note["rule"] for note in shown["notes"]]
    assert rules[0] == "shortener", "the most serious first"
    assert set(rules) - plain >= {"shortener", "pressing_words", "foreign_links"}
    assert all(note["what"] for note in shown["notes"])
    assert shown["blocked"] == ""
    sign_in(client, office, office.user(Role.REP))
    page = client.get(f"/approvals/{approval_id}").text
    assert "notes on words and links: advice, nothing is held back" in page
    assert shown["notes"][0]["what"] in page

"""What replies lead to, over HTTP and in the console: set, shown, compared, and never below its floors."""

from typing import Any

from fastapi.testclient import TestClient

from agents.policy import Policy, load_policy
from agents.reply_policy import ReplyAction
from store.models import Role
from tests.support.api_office import ApiOffice, csrf_of, sign_in
from tools.mail.intents import Intent

URL = "/api/v1/policy"


def replies(**changed: list[str]) -> dict[str, list[str]]:
    return {**Policy().model_dump(mode="json")["replies"], **changed}


def in_force(office: ApiOffice) -> Policy:
    with office.deps.database.read(office.workspace_id) as session:
        return load_policy(session)


def test_what_a_reply_leads_to_is_a_version_that_says_what_changed(client: TestClient, office: ApiOffice) -> None:
    admin = office.key("read", "policies:write", "autonomy:write")
    put = client.put(URL, json={"replies": replies(objection=["stop", "alert"])}, headers=admin)
    assert (put.status_code, put.json()["replies"]["objection"]) == (200, ["stop", "alert"])
    (version,) = client.get(f"{URL}/versions", headers=admin).json()["items"]
    assert version["changes"] == [{"field": "replies.objection", "before": "answer, task", "after": "stop, alert"}]


def test_a_floor_is_refused_with_its_reason(client: TestClient, office: ApiOffice) -> None:
    admin = office.key("read", "policies:write", "autonomy:write")
    refused: Any = client.put(URL, json={"replies": replies(opt_out=["task"])}, headers=admin)
    assert (refused.status_code, "opt_out always leads to suppress, stop" in refused.text) == (422, True)
    assert in_force(office).number == 0


def test_the_form_sets_it_and_cannot_untick_what_always_holds(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.SALES_OPS))
    page = client.get("/policies").text
    assert 'name="replies.opt_out.suppress" value="yes" checked disabled' in page
    typed = {"csrf": csrf_of(client), "replies.asked": "yes", "replies.question.alert": "yes"}
    assert client.post("/policies", data=typed).status_code in (200, 303)
    policy = in_force(office)
    assert policy.on_reply(Intent.QUESTION) == [ReplyAction.ALERT]
    assert policy.on_reply(Intent.LEGAL_THREAT) == [ReplyAction.SUPPRESS, ReplyAction.STOP, ReplyAction.ALERT]
    assert policy.on_reply(Intent.NEGATIVE) == [ReplyAction.TASK], "what leads to nothing is read by a person"
    assert policy.model_reads_replies is False

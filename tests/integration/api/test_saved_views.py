"""Saved views: one's own and everybody's, with the rights that each needs."""

from fastapi.testclient import TestClient

from store.models import Role, SavedView
from tests.support.api_office import ApiOffice, csrf_of, sign_in
from tests.support.list_office import rows_of

HOT = {"page": "leads", "name": "Hot in Germany", "query": "?country=DE&tier=1&sort=best&cursor=x", "shared": True}


def test_a_view_is_kept_as_the_list_writes_it(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "records:write")
    made = client.post("/api/v1/saved-views", json=HOT, headers=key)
    assert made.status_code == 201
    assert made.json()["query"] == "country=DE&tier=1"
    again = client.post("/api/v1/saved-views", json={**HOT, "name": "hot in germany", "query": "tier=2"}, headers=key)
    assert again.json()["id"] == made.json()["id"], "the same name is the same view"
    assert [v["query"] for v in client.get("/api/v1/saved-views?page=leads", headers=key).json()["items"]] == ["tier=2"]
    assert client.get("/api/v1/saved-views?page=contacts", headers=key).json()["items"] == []


def test_views_are_changed_and_deleted(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "records:write")
    view = client.post("/api/v1/saved-views", json=HOT, headers=key).json()
    client.post("/api/v1/saved-views", json={**HOT, "name": "Other"}, headers=key)
    place = f"/api/v1/saved-views/{view['id']}"
    tag = client.get(place, headers=key).headers["etag"]
    assert client.patch(place, json={"name": "other"}, headers=key).status_code == 409
    renamed = client.patch(place, json={"name": "Warm"}, headers={**key, "If-Match": tag})
    assert renamed.json()["name"] == "Warm"
    assert client.patch(place, json={"name": "Cold"}, headers={**key, "If-Match": tag}).status_code == 412
    assert client.delete(place, headers=office.key("read")).status_code == 403
    assert client.delete(place, headers=key).status_code == 204
    assert client.get(place, headers=key).status_code == 404


def test_what_a_view_may_not_hold(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "records:write")
    for body in ({**HOT, "query": "tier=9"}, {**HOT, "name": " "}, {**HOT, "query": "q=a@b.example"}, {**HOT, "x": 1}):
        answer = client.post("/api/v1/saved-views", json=body, headers=key)
        assert answer.status_code == 422
        assert answer.json()["hint"] is not None
    assert client.post("/api/v1/saved-views", json={**HOT, "shared": False}, headers=key).status_code == 403
    assert client.post("/api/v1/saved-views", json=HOT, headers=office.key("read")).status_code == 403
    assert rows_of(office, SavedView) == []


def test_a_person_keeps_a_view_of_their_own_on_the_page(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.VIEWER))
    csrf = csrf_of(client)
    saved = client.post("/leads/views", data={"csrf": csrf, "name": "<b>Mine</b>", "query": "tier=2"})
    assert saved.headers["location"] == "/leads?tier=2&said=saved"
    page = client.get(saved.headers["location"]).text
    assert "&lt;b&gt;Mine&lt;/b&gt;" in page
    assert "The view is saved." in page
    refused = client.post("/leads/views", data={"csrf": csrf, "name": "All", "query": "tier=2", "shared": "true"})
    assert refused.status_code == 403
    (view,) = rows_of(office, SavedView)
    sign_in(client, office, office.user(Role.REP))
    assert "Mine" not in client.get("/leads").text
    assert client.post(f"/leads/views/{view.id}", data={"csrf": csrf_of(client), "delete": "true"}).status_code == 404
    assert len(rows_of(office, SavedView)) == 1

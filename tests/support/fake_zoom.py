"""A Zoom that keeps meetings, at the HTTP level: it makes a second one of every repeated call, as the real one does."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.support.vendors import SECRET, Answer, answer


@dataclass
class Zoom:
    page: int = 2
    meetings: dict[int, dict[str, Any]] = field(default_factory=dict)
    breaks: Callable[[httpx2.Request], Answer | None] = lambda _: None
    lose_answers: int = 0
    refuses: bool = False  # the application
    given: int = 0

    def __call__(self, request: httpx2.Request) -> Answer:
        if request.url.host == "zoom.us":
            assert request.headers["authorization"].startswith("Basic ")
            assert request.url.params["grant_type"] == "account_credentials"
            if self.refuses:
                return answer({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, 400)
            self.given += 1
            return answer({"access_token": f"{SECRET}-{self.given}", "token_type": "bearer", "expires_in": 3599})
        if (broken := self.breaks(request)) is not None:
            return broken
        done = self._done(request)
        if request.method == "POST" and self.lose_answers:
            self.lose_answers -= 1
            return httpx2.ReadTimeout("lost")
        return done

    def _done(self, request: httpx2.Request) -> Answer:
        body = json.loads(request.content) if request.content else {}
        if request.url.path == "/v2/users/me/meetings":
            if request.method == "POST":
                number = 80_000_000_000 + len(self.meetings)
                numbers = [
                    {"country": "DE", "country_name": "Germany", "number": "+49 30 1", "type": "toll"},
                    {"country": "DE", "country_name": "Germany", "number": "0800 1", "type": "tollfree"},
                ]
                made = {
                    "id": number,
                    "join_url": f"https://zoom.us/j/{number}",
                    "start_url": "https://zoom.us/s/secret",
                }
                self.meetings[number] = (
                    made | body | {"settings": body["settings"] | {"global_dial_in_numbers": numbers}}
                )
                return answer(self.meetings[number], 201)
            listed = [
                {"id": each["id"], "agenda": each["agenda"][:250], "join_url": each["join_url"]}
                for each in self.meetings.values()
            ]
            first = int(request.url.params.get("next_page_token") or 0)
            more = str(first + self.page) if first + self.page < len(listed) else ""
            return answer({"meetings": listed[first : first + self.page], "next_page_token": more})
        number = int(request.url.path.rpartition("/")[2])
        if number not in self.meetings:
            return answer({"code": 3001, "message": f"Meeting does not exist: {number}."}, 404)
        if request.method == "GET":
            return answer(self.meetings[number])
        if request.method == "PATCH":
            self.meetings[number] |= body
        else:
            del self.meetings[number]
        return httpx2.Response(204)

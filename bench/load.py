"""A load generator small enough to be read: keep-alive connections on loopback, closed loop or with time to think.

    python -m bench.load PLAN.json     prints one line of JSON

The plan says how many clients, for how long (after `warm` seconds that are not counted, errors excepted), what each
asks for, and whether it pauses in between. It runs as a process
of its own, so that its work is not the server's. Only loopback addresses are accepted.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass
class Seen:
    reads: list[float] = field(default_factory=list)  # seconds
    writes: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0


async def main(plan: dict[str, Any]) -> dict[str, Any]:
    if plan["host"] not in _LOOPBACK:
        raise SystemExit("Only loopback addresses are loaded.")
    counted = time.perf_counter() + plan.get("warm", 0)
    seen, end = Seen(), counted + plan["seconds"]
    clients = [asyncio.create_task(_client(plan, number, counted, end, seen)) for number in range(plan["clients"])]
    await asyncio.gather(*clients)
    took = time.perf_counter() - counted
    answered = sum(seen.statuses.values())
    return {
        "requests_per_second": answered / took,
        "answered": answered,
        "statuses": {str(status): count for status, count in sorted(seen.statuses.items())},
        "broken": seen.broken,
        **{f"read_{k}": v for k, v in _percentiles(seen.reads).items()},
        **{f"write_{k}": v for k, v in _percentiles(seen.writes).items()},
    }


async def _client(plan: dict[str, Any], number: int, counted: float, end: float, seen: Seen) -> None:
    random = Random(number)
    think = plan.get("think", [0, 0])
    asks = plan["requests"]
    weights = [ask.get("weight", 1) for ask in asks]
    reader = writer = None
    await asyncio.sleep(random.random() * plan.get("ramp", 0.5))  # nobody starts in step
    while time.perf_counter() < end:
        ask = random.choices(asks, weights)[0]
        path = random.choice(ask["paths"])
        key = plan["keys"][number % len(plan["keys"])]
        body = ask.get("body", "")
        head = (
            f"{ask['method']} {path} HTTP/1.1\r\nHost: {plan['host']}\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        began = time.perf_counter()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(plan["host"], plan["port"])
            writer.write(head)
            status, keeps = await _answer(reader)
        except (OSError, EOFError, ValueError):
            seen.broken += 1
            reader = writer = None
            continue
        took = time.perf_counter() - began
        if began >= counted or status >= 400:
            (seen.reads if ask["method"] == "GET" else seen.writes).append(took)
            seen.statuses[status] += 1
        if not keeps:
            writer.close()
            reader = writer = None
        if think[1]:
            await asyncio.sleep(random.uniform(*think))
    if writer is not None:
        writer.close()


async def _answer(reader: Any) -> tuple[int, bool]:
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    if at >= 0:
        await reader.readexactly(int(lowered[at + 15 : lowered.index(b"\r\n", at)]))
    elif b"transfer-encoding: chunked" in lowered:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return int(head[9:12]), b"connection: close" not in lowered


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    ordered = sorted(values)
    return {f"p{p}_ms": ordered[min(len(ordered) - 1, len(ordered) * p // 100)] * 1000 for p in (50, 95, 99)}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(json.dumps(asyncio.run(main(json.load(file)))))

"""Gateways that post to the inbox by themselves: the last two days, so that a whole one has closed, then each span.

A gateway repeats a body until it gets a 2xx, as TALQ's do; the inbox recognises what it has already.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import ModuleType

import httpx

from stack.operators.protocols.mqtt import steps
from stack.operators.world import PARIS, World

log = logging.getLogger("stack.operators.push")
LONGEST_PAUSE = 60.0


async def post(dataset: str, feed: ModuleType, world: World, inbox: str, token: Path) -> None:
    """Post for ever. `token` is the file with the operator's token, which may come later."""
    while not token.exists():
        await asyncio.sleep(1)
    headers = {"authorization": f"Bearer {token.read_text(encoding='utf-8').strip()}"}
    headers["content-type"] = "application/json"
    begun = datetime.combine(world.now().date() - timedelta(days=2), time(), PARIS).astimezone(UTC)
    async with httpx.AsyncClient(base_url=inbox, headers=headers, timeout=60, trust_env=False) as client:
        while True:
            now = world.clock().astimezone(UTC)
            for end in steps(begun, now, feed.STEP):
                for body in await asyncio.to_thread(list, feed.posts(world, end - feed.STEP)):
                    await deliver(client, f"/v1/{dataset}/{feed.PATH}", body)
                begun = end
            await asyncio.sleep(60)


async def deliver(client: httpx.AsyncClient, path: str, body: bytes, pause: float = 1.0) -> int:
    """Send a body until it is taken; return how often it was sent."""
    sent = 0
    while True:
        sent += 1
        asked: str | None = None
        try:
            answer = await client.post(path, content=body)
            if answer.is_success:
                return sent
            asked = answer.headers.get("retry-after")
            log.warning("a report was not taken: %d", answer.status_code)
        except httpx.TransportError as error:
            log.warning("a report was not taken: %s", type(error).__name__)
        await asyncio.sleep(float(asked) if asked and asked.isdigit() else pause)
        pause = min(2 * pause, LONGEST_PAUSE)

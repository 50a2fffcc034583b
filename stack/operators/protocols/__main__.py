"""``python -m stack.operators.protocols``: SFTP server, MQTT broker, sensors and gateways, in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from stack.operators.arguments import add_world_arguments, world_of
from stack.operators.protocols import mqtt, push, sftp
from stack.operators.registry import simulated


def main() -> None:
    """Read the command line, and serve until the end is asked for."""
    parser = argparse.ArgumentParser(prog="python -m stack.operators.protocols", description="Opérateurs simulés")
    parser.add_argument("--folder", type=Path, required=True, help="what stack.services.devices wrote")
    parser.add_argument("--sftp-port", type=int, required=True)
    parser.add_argument("--mqtt-port", type=int, required=True)
    parser.add_argument("--inbox", help="address of the inbox")
    parser.add_argument("--posting", nargs="*", default=[], metavar="DATASET=TOKEN_FILE")
    add_world_arguments(parser)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    asyncio.run(_serve(asked))


async def _serve(asked: argparse.Namespace) -> None:
    world, feeds, folder = world_of(asked), simulated(), asked.folder
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    server = await sftp.serve(asked.sftp_port, folder / "host_key", folder / "authorized", asked.account)
    password = (folder / "publisher").read_text(encoding="utf-8").strip()
    talking = {name: feed for name, feed in feeds.items() if hasattr(feed, "messages")}
    with mqtt.broker(folder / "broker.toml"):
        for subscriber in mqtt.read_subscribers(folder / "subscribers.json"):
            await asyncio.to_thread(mqtt.open_queue, subscriber, asked.mqtt_port)
        tasks = [asyncio.create_task(mqtt.publish(talking, world, asked.mqtt_port, password))]
        for dataset, _, token in (one.partition("=") for one in asked.posting):
            if hasattr(feeds.get(dataset), "posts"):
                posting = push.post(dataset, feeds[dataset], world, asked.inbox, Path(token))
                tasks.append(asyncio.create_task(posting))
        waiting = asyncio.create_task(ended.wait())
        await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
            task.cancel()
    server.close()


if __name__ == "__main__":
    main()

"""How often one address may write: a count in the cache for an hour, under a name that does not give the address back.

The name is an HMAC of the address under CKAN's secret and the day: nobody who reads the cache learns who wrote.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

from ckan.common import config
from ckan.lib.redis import connect_to_redis

IN_AN_HOUR = 5
_HOUR = 3_600  # seconds


def too_often(address: str) -> bool:
    """Count one more message from an address; whether that is more than it may send.

    Raises:
        redis.RedisError: the cache does not answer; nothing is counted then, and nothing may be accepted.
    """
    said = f"{datetime.now(UTC):%Y-%m-%d}:{address}".encode()
    name = hmac.new(str(config["SECRET_KEY"]).encode(), said, hashlib.sha256).hexdigest()[:32]
    cache = connect_to_redis()
    counted = cache.pipeline(transaction=True).incr(f"ardoise:message:{name}").expire(f"ardoise:message:{name}", _HOUR)
    return int(counted.execute()[0]) > IN_AN_HOUR

"""What a person's statement and a closed answer need, used once with keys made for it: before privileges are dropped.

What is imported at first use would not be found once custody is a user that may not enter the interpreter's folder.
"""

from __future__ import annotations

from datetime import UTC, datetime

from custody.errors import RefusedError
from custody.officers.acts import read_act
from custody.officers.answers import close_answer, open_answer
from custody.officers.keyfiles import new_keys
from custody.officers.statements import sign


def try_officers() -> None:
    """Sign, read, check and close one of each; raises if this machine can not."""
    keys = new_keys(receives=True)
    signed = sign(keys.signing_key, {"act": "look", "what": "log", "by": "a", "at": datetime.now(UTC).isoformat()})
    signed.check(keys.card.signing_key)
    read_act(signed)
    try:
        read_act(sign(keys.signing_key, {"act": "none"}))
    except RefusedError:
        closed = close_answer(keys.card.encryption_key or b"", "", ["a"])
        if keys.encryption_key is not None:
            open_answer(keys.encryption_key, "", closed)

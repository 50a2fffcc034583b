"""The forms in which bytes are stored for long: a change here makes what was stored unreadable, or its digest another.

Sealed streams are rebuilt by hand from the description in `storage/sealing.py` and `storage/envelope.py`, with nothing
of ours; the digests are computed from the description in `storage/parquet.py` with hashlib alone.
"""

import io
import struct
from hashlib import sha256

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from consent import consent_root
from storage import content_digest, open_sealed
from storage.envelope import disclose

KEY = bytes(range(32))
SALT = bytes(range(100, 132))


def sealed_by_hand(text: bytes, context: bytes, segment: int) -> bytes:
    marker = b"ARDS\x01\x01" + struct.pack(">I", segment)
    derived = HKDF(SHA256(), 39, SALT, marker + struct.pack(">I", len(context)) + context).derive(KEY)
    pieces = [text[start : start + segment] for start in range(0, len(text), segment)] or [b""]
    body = b""
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        body += AESGCM(derived[:32]).encrypt(derived[32:] + struct.pack(">I?", number, last), piece, None)
    return marker + SALT + body


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 48, 50])
def test_a_stream_sealed_by_hand_opens(size: int) -> None:
    text = bytes(range(size))
    assert b"".join(open_sealed(io.BytesIO(sealed_by_hand(text, b"context", 16)), KEY, b"context")) == text


def test_an_envelope_made_by_hand_opens() -> None:
    header = b"ARDE\x01\x05key-1"
    data = header + sealed_by_hand(b"slate", header + b"context", 1 << 20)
    assert b"".join(disclose(io.BytesIO(data), {"key-1": KEY}.__getitem__, b"context")) == b"slate"


def test_a_sealed_stream_of_the_first_version_opens_for_ever() -> None:
    stored = bytes.fromhex(
        "415244530101000000106465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283"
        "6c59fb6be95de815b86fed11c25185ecfc5947195e1db7a161f76947f8619e26f730cb5529db8dfe0c8c1b8c5ca1132619dd3631be"
    )
    assert b"".join(open_sealed(io.BytesIO(stored), KEY, b"landing")) == b"Angers, ardoise bleue"


def test_the_content_digest_is_what_its_description_says() -> None:
    table = pa.table({"n": pa.array([1, None, -1], pa.int16()), "t": pa.array(["é", None, ""])})

    def column(validity: bytes, lengths: bytes, values: bytes) -> bytes:
        return b"".join(sha256(part).digest() for part in (validity, lengths, values))

    numbers = column(b"\1\0\1", b"", struct.pack("<hhh", 1, 0, -1))
    texts = column(b"\1\0\1", struct.pack("<qqq", 2, 0, 0), "é".encode())
    expected = sha256(b"ardoise content 1\n3\nn\tint16\nt\tstring\n" + numbers + texts).hexdigest()
    assert content_digest(table) == expected


def test_the_consent_root_is_what_its_description_says() -> None:
    people = [b"\1" * 16, b"\2" * 16]
    expected = sha256(b"ardoise consent root 1\n2\n" + b"".join(people)).hexdigest()
    assert consent_root(pa.array(people, pa.binary(16))) == expected

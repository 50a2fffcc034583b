import io
import tarfile

import pytest

from storage import PayloadPart, SealError
from storage.container import Tally, pack, unpack

PARTS = {"live/0001.json": b'{"a": 1}\n', "vidé.csv": b"", "relevés.csv": b"1;2\n" * 700_000}


def parts() -> list[PayloadPart]:
    return [PayloadPart(name, io.BytesIO(data)) for name, data in PARTS.items()]


def packed(tally: Tally | None = None) -> bytes:
    return b"".join(pack(parts(), tally or Tally()))


def test_parts_come_back_in_order() -> None:
    written, again = Tally(), Tally()
    archive = packed(written)
    assert {part.name: part.stream.read() for part in unpack(io.BytesIO(archive))} == PARTS
    assert (written.names, written.size, written.lines) == (list(PARTS), 2_800_009, 700_001)
    assert b"".join(pack(unpack(io.BytesIO(archive)), again)) == archive
    assert again.digest() == written.digest()


def test_same_parts_same_bytes() -> None:
    assert packed() == packed()


def test_it_is_an_ordinary_archive() -> None:
    with tarfile.open(fileobj=io.BytesIO(packed())) as archive:
        members = archive.getmembers()
        assert [member.name for member in members if member.name.endswith(".name")] == [
            "000000.name",
            "000001.name",
            "000002.name",
        ]
        assert {member.mtime for member in members} == {0}
        rest = [archive.extractfile(member) for member in members if member.name.startswith("000002.0")]
        assert b"".join(file.read() for file in rest if file) == PARTS["relevés.csv"]


def test_parts_may_be_left_unread() -> None:
    names = []
    for part in unpack(io.BytesIO(packed())):
        names.append(part.name)
        part.stream.read(3)
    assert names == list(PARTS)


@pytest.mark.parametrize("change", ["order", "name", "byte", "boundary"])
def test_the_digest_sees_every_difference(change: str) -> None:
    def digest(*given: tuple[str, bytes]) -> str:
        tally = Tally()
        b"".join(pack([PayloadPart(name, io.BytesIO(data)) for name, data in given], tally))
        return tally.digest()

    other = {
        "order": (("b", b"2"), ("a", b"1")),
        "name": (("a", b"1"), ("c", b"2")),
        "byte": (("a", b"1"), ("b", b"3")),
        "boundary": (("a", b"12"), ("b", b"")),
    }[change]
    assert digest(("a", b"1"), ("b", b"2")) != digest(*other)


@pytest.mark.parametrize("length", [0, 100, 512, 1024, 5000, -512, -1])
def test_an_archive_cut_short_is_refused(length: int) -> None:
    with pytest.raises(SealError):
        [part.stream.read() for part in unpack(io.BytesIO(packed()[:length]))]


def test_a_foreign_archive_is_refused() -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("hello"))
    with pytest.raises(SealError):
        list(unpack(io.BytesIO(target.getvalue())))


def test_a_slow_stream_is_read_to_its_end() -> None:
    class Slow(io.RawIOBase):
        def __init__(self) -> None:
            self.left = 3_000

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            count = min(self.left, 7, len(buffer))
            buffer[:count] = b"x" * count
            self.left -= count
            return count

    archive = b"".join(pack([PayloadPart("slow", Slow())], Tally()))  # type: ignore[arg-type]
    assert [part.stream.read() for part in unpack(io.BytesIO(archive))] == [b"x" * 3_000]

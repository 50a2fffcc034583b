"""AES-CMAC against the published vectors (see SOURCES.md)."""

import pyarrow as pa
import pytest

from anonymization.pseudonyms import cmac

KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
TAGS = {
    0: "bb1d6929e95937287fa37d129b756746",
    16: "070a16b46b4d4144f79bdd9dd04a287c",
    40: "dfa66747de9ae63030ca32611497c827",
    64: "51f0bebf7e3b9d92fc49741779363cfe",
}


@pytest.mark.parametrize("length", TAGS)
def test_each_vector_alone(length: int) -> None:
    assert cmac(KEY, pa.array([MESSAGE[:length]], pa.binary()))[0].as_py().hex() == TAGS[length]


def test_all_vectors_in_one_column() -> None:
    lengths = [40, 0, 64, 16, 0, 64]
    column = cmac(KEY, pa.array([MESSAGE[:length] for length in lengths], pa.binary()))
    assert [tag.hex() for tag in column.to_pylist()] == [TAGS[length] for length in lengths]

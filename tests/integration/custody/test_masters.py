"""The places a master key is kept in: one behaviour, over a file, a real SoftHSM and a twin of Vault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pkcs11
import pytest
from pydantic import SecretStr

from custody.errors import MasterKeyError, TamperedError
from custody.masters import Keeper
from custody.masters.files import FileKeeper
from custody.masters.hsm import HsmKeeper
from custody.masters.transit import TransitKeeper
from custody.settings import HsmSettings, VaultSettings
from tests.softhsm import MODULE, PIN, TOKEN, SoftHsm
from tests.transit import Transit


def hsm_keeper(pin: str = PIN, token: str = TOKEN) -> HsmKeeper:
    return HsmKeeper(HsmSettings(module=MODULE, token=token), lambda name: SecretStr(pin))


def transit_keeper(transit: Transit, token: str = "s.test") -> TransitKeeper:
    return TransitKeeper(VaultSettings(address=transit.address, timeout_seconds=5), lambda name: SecretStr(token))


@pytest.fixture(params=["file", "pkcs11", "vault"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Keeper:
    made: dict[str, Callable[[], Keeper]] = {
        "file": lambda: FileKeeper(tmp_path),
        "pkcs11": lambda: request.getfixturevalue("hsm") and hsm_keeper(),
        "vault": lambda: transit_keeper(request.getfixturevalue("transit")),
    }
    return made[request.param]()


def test_a_master_key_wraps_in_context_and_is_destroyed_for_good(keeper: Keeper) -> None:
    keeper.destroy("one")
    with pytest.raises(MasterKeyError):
        keeper.open("one")
    master, other = keeper.create("one"), keeper.create("two")
    assert master.name == "one"
    wrapped = master.wrap(b"secret" * 8, "domain", "water")
    assert b"secret" not in wrapped
    assert wrapped != master.wrap(b"secret" * 8, "domain", "water")
    assert keeper.create("one").unwrap(wrapped, "domain", "water") == b"secret" * 8
    assert keeper.open("one").unwrap(wrapped, "domain", "water") == b"secret" * 8
    for context in (("domain", "waters"), ("domainw", "ater"), ("domain",)):
        with pytest.raises(TamperedError):
            master.unwrap(wrapped, *context)
    with pytest.raises(TamperedError):
        other.unwrap(wrapped, "domain", "water")
    for altered in (b"", wrapped[:1], wrapped[:20], wrapped[:-1], wrapped[:-2] + b"xx", b"\x09" + wrapped[1:]):
        with pytest.raises(TamperedError):
            master.unwrap(altered, "domain", "water")
    keeper.destroy("one")
    keeper.destroy("one")
    for use in (lambda: keeper.open("one"), lambda: keeper.create("one").unwrap(wrapped, "domain", "water")):
        with pytest.raises((MasterKeyError, TamperedError)):
            use()
    assert other.unwrap(other.wrap(b"k", "x"), "x") == b"k"
    keeper.destroy("two")
    keeper.destroy("one")


def test_the_hsm_keeps_its_key(hsm: SoftHsm) -> None:
    keeper = hsm_keeper()
    keeper.create("kept")
    assert keeper.use(
        "kept", lambda key: (key[pkcs11.Attribute.NEVER_EXTRACTABLE], key[pkcs11.Attribute.SENSITIVE])
    ) == (True, True)
    with pytest.raises(pkcs11.exceptions.AttributeSensitive):
        keeper.use("kept", lambda key: key[pkcs11.Attribute.VALUE])
    keeper.destroy("kept")


def test_an_hsm_that_is_not_there_is_told(hsm: SoftHsm) -> None:
    for wrong in (
        hsm_keeper(token="another"),
        HsmKeeper(HsmSettings(module="/nowhere.so", token=TOKEN), lambda name: SecretStr(PIN)),
    ):
        with pytest.raises(MasterKeyError, match="HSM"):
            wrong.open("kept")


def test_a_token_that_was_wiped_has_no_key(hsm: SoftHsm) -> None:
    keeper = hsm_keeper()
    master = keeper.create("wiped")
    assert list(hsm.tokens.rglob("*.object"))
    keeper.destroy("wiped")
    with pytest.raises(MasterKeyError, match="wiped"):
        master.wrap(b"k", "x")


def test_vault_that_does_not_serve_is_told(transit: Transit) -> None:
    keeper = transit_keeper(transit)
    master = keeper.create("master")
    wrapped = master.wrap(b"k", "x")
    with pytest.raises(MasterKeyError, match="403"):
        transit_keeper(transit, token="s.other").open("master")
    transit.sealed = True
    for call in (lambda: master.wrap(b"k", "x"), lambda: master.unwrap(wrapped, "x"), lambda: keeper.open("master")):
        with pytest.raises(MasterKeyError, match="503"):
            call()
    transit.sealed = False
    transit.keys.clear()
    for call in (lambda: master.wrap(b"k", "x"), lambda: master.unwrap(wrapped, "x")):
        with pytest.raises(MasterKeyError, match="has no transit key"):
            call()
    assert not transit.keys  # an encryption would have made one
    gone = TransitKeeper(VaultSettings(address="http://127.0.0.1:1"), lambda name: SecretStr("s.test"))
    with pytest.raises(MasterKeyError, match="does not answer"):
        gone.open("master")

from __future__ import annotations

import pytest
from pydantic import SecretStr

from console.accounts import Accounts, HashedPassword, Person, Role
from console.errors import SignInError, TooManyAttemptsError
from console.throttle import FAILURES_PER_ADDRESS, FAILURES_PER_LOGIN, MAXIMUM_SUBJECTS, WINDOW_SECONDS, Throttle
from tests.unit.console.world import PASSWORD, accounts


def test_the_right_password_signs_in() -> None:
    assert accounts().sign_in("dpo", PASSWORD) == Person("dpo", Role.DPO)


@pytest.mark.parametrize(("login", "password"), [("dpo", PASSWORD + "x"), ("dpo", ""), ("nobody", PASSWORD), ("", "")])
def test_anything_else_is_refused_in_the_same_words(login: str, password: str) -> None:
    with pytest.raises(SignInError, match="login or password is wrong"):
        accounts().sign_in(login, password)


def test_an_unknown_login_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Accounts({Person("dpo", Role.DPO): SecretStr("x")})
    hashed: list[str] = []
    monkeypatch.setattr(HashedPassword, "matches", lambda self, password: bool(hashed.append(password)))
    for login in ("dpo", "nobody"):
        with pytest.raises(SignInError):
            known.sign_in(login, "guess")
    assert len(hashed) == 2


def test_hashes_are_salted_and_never_shown() -> None:
    one, two = HashedPassword.of(SecretStr("secret")), HashedPassword.of(SecretStr("secret"))
    assert one.digest != two.digest
    assert one.matches("secret")
    assert repr(one) == "HashedPassword(…)"


def test_a_login_is_slowed_down_after_its_failures_and_let_in_again_later() -> None:
    throttle = Throttle()
    for second in range(FAILURES_PER_LOGIN):
        throttle.check("dpo", "10.0.0.1", float(second))
        throttle.failed("dpo", "10.0.0.1", float(second))
    with pytest.raises(TooManyAttemptsError) as caught:
        throttle.check("dpo", "10.0.0.2", 10.0)
    assert caught.value.retry_seconds == WINDOW_SECONDS - 10
    throttle.check("steward", "10.0.0.2", 10.0)
    throttle.check("dpo", "10.0.0.2", WINDOW_SECONDS + 1.0)


def test_an_address_that_tries_many_logins_is_slowed_down() -> None:
    throttle = Throttle()
    for number in range(FAILURES_PER_ADDRESS):
        throttle.failed(f"login-{number}", "10.0.0.1", 0.0)
    with pytest.raises(TooManyAttemptsError):
        throttle.check("dpo", "10.0.0.1", 1.0)


def test_success_forgets_a_logins_failures() -> None:
    throttle = Throttle()
    for _ in range(FAILURES_PER_LOGIN):
        throttle.failed("dpo", "10.0.0.1", 0.0)
    throttle.succeeded("dpo")
    throttle.check("dpo", "10.0.0.1", 1.0)


def test_made_up_logins_do_not_fill_the_memory() -> None:
    throttle = Throttle()
    for number in range(MAXIMUM_SUBJECTS + 50):
        throttle.failed(f"login-{number}", f"address-{number}", 0.0)
    assert len(throttle._failures) <= MAXIMUM_SUBJECTS

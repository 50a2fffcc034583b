from __future__ import annotations

import pytest
from pydantic import SecretStr

from console.accounts import Person, Role
from console.errors import ForgedFormError, SessionError
from console.sessions import LIFETIME_SECONDS, Sessions

DPO = Person("dpo", Role.DPO)


def sessions(secret: str = "s" * 40) -> Sessions:
    return Sessions(SecretStr(secret))


def test_a_cookie_gives_the_session_back() -> None:
    given = sessions()
    for session in (given.start(DPO), given.start()):
        assert given.read(given.seal(session)) == session


@pytest.mark.parametrize("cookie", [None, "", "x", "WyJhIl0.aaaa.bbbb"])
def test_no_valid_cookie_is_no_session(cookie: str | None) -> None:
    with pytest.raises(SessionError):
        sessions().read(cookie)


def test_a_cookie_of_another_secret_or_altered_is_refused() -> None:
    given = sessions()
    cookie = given.seal(given.start(DPO))
    with pytest.raises(SessionError):
        sessions("t" * 40).read(cookie)
    for position in range(len(cookie)):
        altered = cookie[:position] + ("A" if cookie[position] != "A" else "B") + cookie[position + 1 :]
        try:
            assert given.read(altered) == given.read(cookie)  # base64's unused last bits may change
        except SessionError:
            continue


def test_a_session_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    given = sessions()
    cookie = given.seal(given.start(DPO))
    import itsdangerous.timed

    later = itsdangerous.timed.time.time() + LIFETIME_SECONDS + 2
    monkeypatch.setattr(itsdangerous.timed.time, "time", lambda: later)
    with pytest.raises(SessionError):
        given.read(cookie)


def test_an_ended_session_stays_ended_and_is_forgotten_when_it_would_be_over() -> None:
    given = sessions()
    session = given.start(DPO)
    given.end(session, 0.0)
    with pytest.raises(SessionError):
        given.read(given.seal(session))
    given.end(given.start(), LIFETIME_SECONDS + 1.0)
    assert session.nonce not in given._revoked


def test_a_form_carries_the_token_of_its_own_session() -> None:
    given = sessions()
    mine, other = given.start(DPO), given.start(DPO)
    given.check_form(mine, given.form_token(mine))
    for token in ("", "é", given.form_token(other), sessions("t" * 40).form_token(mine)):
        with pytest.raises(ForgedFormError):
            given.check_form(mine, token)

"""Accounts: an invitation opens a password, a password a session, and guessing is slow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from labeling.accounts import accounts_exist, add_user, check_host, people
from labeling.invitations import SPENT, accept, invite
from labeling.logins import (
    WRONG,
    Logins,
    log_out,
    log_out_everywhere,
    make_token,
    session_user,
)
from labeling.throttle import MOST, WINDOW_S, Throttle, TooManyTriesError
from storage.database import Store
from storage.errors import UserError
from tests.conftest import every_row

PASSWORD = "correct horse battery"


def token_for(store: Store, name: str, role: str = "labeler") -> str:
    """The token of an invitation for somebody new."""
    add_user(store, name, role, "test")
    return invite(store, name, "test").path.removeprefix("/invitation/")


def expire(store: Store, table: str) -> None:
    with store.write() as db:
        db.execute(f"UPDATE {table} SET expires_at = '2020-01-01'")


def test_an_invitation_opens_a_password_once(store: Store) -> None:
    token = token_for(store, "ann")
    assert accept(store, token, PASSWORD) == "ann"
    assert session_user(store, Logins(store).log_in("ann", PASSWORD, "here")) == "ann"
    with pytest.raises(UserError, match=SPENT):
        accept(store, token, "another password")


def test_a_newer_invitation_and_a_week_make_one_void(store: Store) -> None:
    older = token_for(store, "ann")
    newer = invite(store, "ann", "test").path.removeprefix("/invitation/")
    with pytest.raises(UserError, match=SPENT):
        accept(store, older, PASSWORD)
    expire(store, "invitations")
    with pytest.raises(UserError, match=SPENT):
        accept(store, newer, PASSWORD)
    assert not accounts_exist(store)


@pytest.mark.parametrize("password", ["short", "x" * 201, "aaaaaaaaaaaa", "Anna-Magdalena"])
def test_a_password_that_is_guessed_at_once_is_refused_and_the_invitation_stays_good(
    store: Store, password: str
) -> None:
    token = token_for(store, "anna-magdalena")
    with pytest.raises(UserError, match="choose another"):
        accept(store, token, password)
    assert accept(store, token, PASSWORD) == "anna-magdalena"


def test_of_a_password_and_of_tokens_only_hashes_are_kept(store: Store) -> None:
    token = token_for(store, "ann")
    accept(store, token, PASSWORD)
    session = make_token(store, "ann", 1, "test")
    written = str(every_row(store))
    assert "$argon2id$" in written
    assert not any(secret in written for secret in (PASSWORD, token, session))


def test_an_unknown_name_and_a_wrong_password_are_told_alike(store: Store) -> None:
    accept(store, token_for(store, "ann"), PASSWORD)
    add_user(store, "bob", "labeler", "test")
    for name, password in (("ann", "wrong password"), ("nobody", PASSWORD), ("bob", ""), ("ann", "")):
        with pytest.raises(UserError, match=f"^{WRONG}$"):
            Logins(store).log_in(name, password, "here")


def test_a_session_outlives_the_server_and_ends_with_time(store: Store) -> None:
    accept(store, token_for(store, "ann"), PASSWORD)
    token = Logins(store).log_in("ann", PASSWORD, "here")
    assert session_user(Store.open(store.home), token) == "ann"
    expire(store, "sessions")
    assert session_user(store, token) is None


def test_log_out_ends_one_session_and_another_password_all(store: Store) -> None:
    accept(store, token_for(store, "ann"), PASSWORD)
    logins = Logins(store)
    one, other = (logins.log_in("ann", PASSWORD, "here") for _ in range(2))
    log_out(store, one)
    assert (session_user(store, one), session_user(store, other)) == (None, "ann")
    program = make_token(store, "ann", 1, "test")
    accept(store, invite(store, "ann", "test").path.removeprefix("/invitation/"), "quite another one")
    assert (session_user(store, other), session_user(store, program)) == (None, None)
    with pytest.raises(UserError, match=WRONG):
        logins.log_in("ann", PASSWORD, "here")


def test_all_sessions_of_a_person_are_ended_by_command(store: Store) -> None:
    accept(store, token_for(store, "ann"), PASSWORD)
    token = make_token(store, "ann", 1, "test")
    assert log_out_everywhere(store, "ann", "test") == 1
    assert session_user(store, token) is None


def test_ten_failures_a_minute_of_an_account_and_of_an_address() -> None:
    moment = [0.0]
    throttle = Throttle(lambda: moment[0])
    for number in range(MOST):
        throttle.begin("account ann", f"address {number}")
    with pytest.raises(TooManyTriesError):
        throttle.begin("account ann", "address new")
    throttle.begin("account bob", "address new")  # neither is concerned by the other's
    moment[0] = WINDOW_S + 1
    for number in range(MOST):
        throttle.begin(f"account {number}", "address 1")
    with pytest.raises(TooManyTriesError):
        throttle.begin("account new", "address 1")


def test_a_success_is_no_failure() -> None:
    throttle = Throttle()
    for _ in range(3 * MOST):
        throttle.succeeded(throttle.begin("account ann"), "account ann")
    throttle.begin("account ann")


def test_of_many_guesses_at_once_ten_are_looked_at_and_then_not_the_right_one_either(store: Store) -> None:
    accept(store, token_for(store, "ann"), PASSWORD)
    logins = Logins(store)

    def guess(number: int) -> str:
        try:
            return logins.log_in("ann", f"guess number {number}", f"address {number}")
        except UserError as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(guess, range(3 * MOST)))
    assert said.count(WRONG) == MOST
    with pytest.raises(TooManyTriesError):
        logins.log_in("ann", PASSWORD, "address of hers")


def test_beyond_loopback_it_takes_an_admin(store: Store) -> None:
    check_host(store.home, "127.0.0.1")
    with pytest.raises(UserError, match="user add NAME --role admin"):
        check_host(store.home, "0.0.0.0")
    token_for(store, "ann", "labeler")
    with pytest.raises(UserError):
        check_host(store.home, "0.0.0.0")
    token = token_for(store, "ada", "admin")
    check_host(store.home, "0.0.0.0")  # the link works there too
    accept(store, token, PASSWORD)
    check_host(store.home, "0.0.0.0")


def test_the_last_admin_stays_one_while_there_are_accounts(store: Store) -> None:
    accept(store, token_for(store, "ada", "admin"), PASSWORD)
    with pytest.raises(UserError, match="ada is the last admin"):  # nobody else is there, and they could not go back
        add_user(store, "ada", "labeler", "test")
    accept(store, token_for(store, "ann"), PASSWORD)
    with pytest.raises(UserError, match="ada is the last admin"):
        add_user(store, "ada", "labeler", "test")
    token_for(store, "eve", "admin")
    add_user(store, "ada", "labeler", "test")
    assert [(one.name, one.role, one.login) for one in people(store)] == [
        ("local", "admin", "none"),
        ("ada", "labeler", "password"),
        ("ann", "labeler", "password"),
        ("eve", "admin", "invited"),
    ]

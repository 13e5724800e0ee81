"""The door over HTTP: what who is not logged in gets, what a login sets, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import gradio_client
import httpx
import pytest
from gradio_client.exceptions import AuthenticationError

from labeling.accounts import LOCAL_USER, add_user, ensure_user
from labeling.invitations import accept, invite
from labeling.logins import WRONG, WRONG_OLD, make_token, session_user
from labeling.throttle import MOST
from storage.database import Store
from tests.conftest import add_pairs, every_row
from tests.served import served
from tests.server_process import PageCalls

PASSWORD = "correct horse battery"
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store.open(tmp_path_factory.mktemp("door") / "home")
    for name, role in (("ann", "labeler"), ("ada", "admin"), ("eve", "labeler")):
        add_user(made, name, role, "test")
        accept(made, link(made, name).removeprefix("/invitation/"), PASSWORD)
    add_pairs(made, 3)
    return made


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with served(store, fresh=True) as url:
        yield url


@pytest.fixture
def browser_like(address: str) -> Iterator[httpx.Client]:
    """A client that keeps cookies and asks for pages."""
    with httpx.Client(base_url=address, headers=HTML, trust_env=False) as client:
        yield client


def link(store: Store, name: str) -> str:
    return invite(store, name, "test").path


def log_in(client: httpx.Client, name: str, password: str = PASSWORD, onward: str = "/data") -> httpx.Response:
    return client.post("/login", data={"username": name, "password": password, "next": onward})


def test_a_page_leads_to_the_login_and_the_login_back_to_it(browser_like: httpx.Client) -> None:
    away = browser_like.get("/data")
    assert (away.status_code, away.headers["location"]) == (303, "/login?next=/data")
    assert 'name="next" value="/data"' in browser_like.get(away.headers["location"]).text
    back = log_in(browser_like, "ann")
    assert (back.status_code, back.headers["location"]) == (303, "/data")
    assert browser_like.get("/chat").status_code == 200
    assert browser_like.get("/login?next=/chat").headers["location"] == "/chat"


@pytest.mark.parametrize("onward", ["https://evil.example", "//evil.example", "/\\evil.example", "", "/a\r\nb"])
def test_a_login_leads_to_no_other_site(browser_like: httpx.Client, onward: str) -> None:
    assert log_in(browser_like, "ann", onward=onward).headers["location"] == "/"


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(address: str) -> None:
    for scheme, secure in (("http", False), ("https", True)):  # as a proxy on this machine says it
        with httpx.Client(base_url=address, headers={**HTML, "X-Forwarded-Proto": scheme}, trust_env=False) as client:
            cookie = log_in(client, "ann").headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert ("Secure" in cookie) == secure


def test_a_form_of_another_site_logs_nobody_in_or_out(address: str) -> None:
    for path in ("/login", "/logout"):
        foreign = httpx.post(address + path, headers={"Origin": "https://evil.example"}, data={}, trust_env=False)
        assert foreign.status_code == 403


def test_with_a_login_the_app_may_have_any_name(address: str) -> None:
    named = {"Host": "labels.example.org", "Origin": "https://labels.example.org", **HTML}
    assert httpx.get(f"{address}/login", headers=named, trust_env=False).status_code == 200


def test_a_wrong_password_says_so_and_after_ten_no_more_is_looked_at(address: str) -> None:
    with httpx.Client(base_url=address, headers={"X-Forwarded-For": "10.0.0.9"}, trust_env=False) as client:
        said = [log_in(client, "eve", f"guess {number}") for number in range(MOST)]
        assert {one.status_code for one in said} == {401}
        assert {one.json()["detail"] for one in said} == {WRONG}
        assert log_in(client, "eve", PASSWORD).status_code == 429
        client.headers["X-Forwarded-For"] = "10.0.0.10"
        assert log_in(client, "eve", PASSWORD).status_code == 429
        assert log_in(client, "ann", PASSWORD).status_code == 200


def test_who_logs_out_is_out(browser_like: httpx.Client) -> None:
    log_in(browser_like, "ann")
    kept = dict(browser_like.cookies)
    assert browser_like.post("/logout").headers["location"] == "/login"
    assert browser_like.get("/chat").headers["location"].startswith("/login")
    browser_like.cookies.update(kept)  # a copy of the cookie is worth nothing either
    assert browser_like.get("/chat").headers["location"].startswith("/login")


def test_who_logs_in_where_another_is_in_ends_that_session(browser_like: httpx.Client) -> None:
    log_in(browser_like, "ann")
    anns = {"Cookie": "; ".join(f"{one.name}={one.value}" for one in browser_like.cookies.jar)}
    log_in(browser_like, "ada")
    away = httpx.get(f"{browser_like.base_url}/chat", headers={**HTML, **anns}, trust_env=False)
    assert away.headers["location"].startswith("/login")


def test_an_invitation_is_chosen_a_password_for_and_leads_in(store: Store, browser_like: httpx.Client) -> None:
    add_user(store, "<b>new</b>", "labeler", "test")
    path = link(store, "<b>new</b>")
    page = browser_like.get(path)
    assert "&lt;b&gt;new&lt;/b&gt;" in page.text
    assert "<b>new" not in page.text
    assert page.headers["cache-control"] == "no-store"
    for password, again, said in (("short", "short", "A password has 10"), (PASSWORD, "other", "are not the same")):
        refused = browser_like.post(path, data={"password": password, "again": again})
        assert refused.status_code == 400
        assert said in refused.text
    assert browser_like.post(path, data={"password": PASSWORD, "again": PASSWORD}).headers["location"] == "/"
    assert browser_like.get("/chat").status_code == 200
    assert browser_like.get(path).status_code == 400


def test_a_session_holds_when_the_server_starts_anew(store: Store) -> None:
    token = make_token(store, "ann", 1, "test")
    for _ in range(2):
        with served(store, fresh=True) as url:
            call = PageCalls(url, {"Authorization": f"Bearer {token}"})
            assert call("who") == {"name": "ann", "role": "labeler", "login": True}


def test_an_open_page_answers_only_who_opened_it(store: Store, address: str) -> None:
    ann, ada = (
        PageCalls(address, {"Authorization": f"Bearer {make_token(store, name, 1, 'test')}"}) for name in ("ann", "ada")
    )
    (pair,) = ann("next_pairs", count=1, holding=[])["pairs"]
    vote = {"verdict": "tie", "strength": 0, "client_key": "k", "showing_id": pair["showing_id"]}
    assert "was not served to ada" in ada("cast_vote", **vote)["error"]
    stolen = {"session_hash": ann.page, "fn_index": 0, "data": [], "event_id": "x"}
    api = "/gradio_api"
    refused = [
        ada.client.post(f"{api}/component_server/", content=json.dumps(stolen).encode("utf-16")),
        *(ada.client.post(f"{api}/{path}", json=stolen) for path in ("queue/join", "run/x", "call/x", "cancel")),
        *(ada.client.get(f"{api}/{path}{ann.page}") for path in ("queue/data?session_hash=", "heartbeat/")),
        ada.client.get(f"{api}/queue/data?session_hash={ann.page}&session_hash=another"),
    ]
    assert {(one.status_code, one.headers["x-reload"]) for one in refused} == {(403, "1")}
    form = {"session_hash": (None, ann.page), "fn_name": (None, "who"), "component_id": (None, "1")}
    assert ada.client.post(f"{api}/component_server/", files=form).status_code == 415
    assert ann("cast_vote", **vote)["vote"]["verdict"] == "tie"


def test_what_no_page_uses_of_gradio_is_shut(browser_like: httpx.Client) -> None:
    log_in(browser_like, "ada")
    for path in ("proxy=http://127.0.0.1", "file=http://1.1.1.1/", "file= http://1.1.1.1/", "file/http://1.1.1.1/"):
        assert browser_like.get(f"/gradio_api/{path}").status_code == 404, path
    assert browser_like.get("/gradio_api/deep_link?session_hash=x").status_code == 404


def test_files_are_taken_of_researchers_alone(browser_like: httpx.Client) -> None:
    file = {"files": ("votes.jsonl", b"{}")}
    log_in(browser_like, "ann")
    assert browser_like.post("/gradio_api/upload", files=file).status_code == 403
    log_in(browser_like, "ada")
    (path,) = browser_like.post("/gradio_api/upload", files=file).json()
    assert browser_like.get(f"/gradio_api/file={path}").content == b"{}"


def test_a_program_logs_in_with_a_password_or_a_token(store: Store, address: str) -> None:
    with pytest.raises(AuthenticationError):
        gradio_client.Client(address, verbose=False)
    ways = (
        {"auth": ("ann", PASSWORD)},
        {"headers": {"Authorization": f"Bearer {make_token(store, 'ann', 1, 'test')}"}},
    )
    for way in ways:
        client = gradio_client.Client(address, verbose=False, **way)
        assert client.predict(api_name="/next_pair") is not None


def test_an_admin_invites_and_removes_people_on_a_page(store: Store, browser_like: httpx.Client) -> None:
    log_in(browser_like, "ada")
    hostile = "<i>zoe</i>"
    added = browser_like.post("/people/add", data={"name": hostile, "role": "labeler"})
    assert added.status_code == 200
    assert hostile not in added.text
    path = added.text.partition(str(browser_like.base_url).rstrip("/"))[2].partition('"')[0]
    accept(store, path.removeprefix("/invitation/"), PASSWORD)
    zoes = httpx.Client(base_url=browser_like.base_url, headers=HTML, trust_env=False)
    log_in(zoes, hostile)
    assert zoes.get("/people").status_code == 403
    assert zoes.get("/journal").status_code == 403
    browser_like.post("/people/role", data={"name": hostile, "role": "researcher"})
    assert zoes.get("/journal").status_code == 200
    for form, said in (
        ({"name": hostile, "again": "zoe"}, "cannot be undone"),
        ({"name": "ada", "again": "ada"}, "Nobody"),
    ):
        refused = browser_like.post("/people/remove", data=form)
        assert (refused.status_code, said in refused.text) == (400, True)
    removed = browser_like.post("/people/remove", data={"name": hostile, "again": hostile})
    assert "what they did stays, as of former-" in removed.text
    assert zoes.get("/journal").headers["location"].startswith("/login")
    lines = browser_like.get("/journal.jsonl").text.splitlines()
    assert json.loads(lines[-1])["action"] == "remove"
    assert "zoe" not in "".join(lines)


def test_a_page_that_shows_a_labeler_nothing_says_so(browser_like: httpx.Client) -> None:
    log_in(browser_like, "ann")
    for path in ("/align", "/data", "/quality"):
        refused = browser_like.get(path)
        assert (refused.status_code, "ann is a labeler, and this takes a researcher" in refused.text) == (403, True)
    log_in(browser_like, "ada")
    assert browser_like.get("/align").status_code == 200


def test_a_form_that_makes_no_sense_is_a_sentence(store: Store, browser_like: httpx.Client) -> None:
    log_in(browser_like, "ada")
    before = every_row(store)
    for path, form in (
        ("/people/add", {}),
        ("/people/add", {"name": "ann", "role": "labeler"}),
        ("/people/add", {"name": "new", "role": "king"}),
        ("/people/role", {"name": "nobody", "role": "labeler"}),
        ("/people/invite", {"name": "nobody"}),
        ("/people/remove", {"name": "nobody", "again": "nobody"}),
        ("/people/role", {"name": "x" * 20_000}),
        ("/people/role", {"name": "ada", "role": "labeler"}),
    ):
        assert browser_like.post(path, data=form).status_code == 400, path
    assert browser_like.get("/journal?before=-1").status_code == 400
    assert every_row(store) == before


def test_without_accounts_the_first_to_be_invited_is_an_admin(tmp_path: Path) -> None:
    """With the first password everybody logs in; a labeler's alone would lock the local user out of the app."""
    store = Store.open(tmp_path / "home")
    ensure_user(store, LOCAL_USER, "admin")
    with served(store) as url, httpx.Client(trust_env=False) as client:
        refused = client.post(f"{url}/people/add", data={"name": "ann", "role": "labeler"})
        assert (refused.status_code, "Invite an admin first" in refused.text) == (400, True)
        for name, role in (("ada", "admin"), ("ann", "labeler")):
            assert client.post(f"{url}/people/add", data={"name": name, "role": role}).status_code == 200


def test_a_person_changes_their_own_password_and_is_out_everywhere_else(
    store: Store, browser_like: httpx.Client
) -> None:
    add_user(store, "pat", "labeler", "test")
    accept(store, link(store, "pat").removeprefix("/invitation/"), PASSWORD)
    program = make_token(store, "pat", 1, "test")
    log_in(browser_like, "pat")
    elsewhere = httpx.Client(base_url=browser_like.base_url, headers=HTML, trust_env=False)
    log_in(elsewhere, "pat")
    new = "another staple entirely"
    assert "Old password" in browser_like.get("/password").text
    for old, password, again, said in (
        ("a guess", new, new, WRONG_OLD),
        (PASSWORD, new, "other", "are not the same"),
        (PASSWORD, "short", "short", "A password has 10"),
        (PASSWORD, PASSWORD, PASSWORD, "choose another"),
    ):
        refused = browser_like.post("/password", data={"old": old, "password": password, "again": again})
        assert (refused.status_code, said in refused.text) == (400, True)
    assert elsewhere.get("/chat").status_code == 200
    form = {"old": PASSWORD, "password": new, "again": new}
    assert browser_like.post("/password", data=form).headers["location"] == "/"
    assert browser_like.get("/chat").status_code == 200
    assert elsewhere.get("/chat").headers["location"].startswith("/login")
    assert session_user(store, program) is None
    assert log_in(elsewhere, "pat").status_code == 401
    assert log_in(elsewhere, "pat", new).status_code == 303


def test_a_browser_left_open_is_no_way_around_the_brake(store: Store, address: str) -> None:
    add_user(store, "pit", "labeler", "test")
    accept(store, link(store, "pit").removeprefix("/invitation/"), PASSWORD)
    headers = {**HTML, "X-Forwarded-For": "10.0.0.11", "Authorization": f"Bearer {make_token(store, 'pit', 1, 'test')}"}
    with httpx.Client(base_url=address, headers=headers, trust_env=False) as client:
        form = {"old": "a guess", "password": "another staple", "again": "another staple"}
        said = [client.post("/password", data=form).status_code for _ in range(MOST)]
        assert set(said) == {400}
        assert client.post("/password", data={**form, "old": PASSWORD}).status_code == 429


def test_who_has_no_password_has_none_to_change(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "home")
    ensure_user(store, LOCAL_USER, "admin")
    with served(store) as url:
        refused = httpx.get(f"{url}/password", trust_env=False)
    assert (refused.status_code, "local has no password" in refused.text) == (400, True)

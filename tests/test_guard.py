"""The guard of the loopback app: what comes from another site is refused, what a person or a program sends passes."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from storage.database import Store
from tests.served import served

CONFIG = "/config"  # read by every page's script
CALL = "/gradio_api/component_server/"  # where a vote goes


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = Store.open(tmp_path_factory.mktemp("guard") / "home")
    with served(store) as url:
        yield url


def get(address: str, path: str = "/", **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(address + path, headers=sent, trust_env=False)


def post(address: str, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(address + CALL, headers=sent, json={}, trust_env=False)


def test_a_foreign_host_is_refused_with_one_sentence(address: str) -> None:
    for host in (
        "evil.example",
        "127.0.0.1.evil.example:7860",
        "evil.example@127.0.0.1.example",
        "192.168.0.7",
        "[::1",
        "",
    ):
        refused = get(address, host=host)
        assert refused.status_code == 403
        assert refused.text.startswith(f"This app answers on loopback only, not as {host!r}")


def test_a_foreign_origin_is_refused(address: str) -> None:
    other_port = "http://127.0.0.1:1"
    for origin in ("https://evil.example", "null", other_port, "http://127.0.0.1.evil.example", "http://[::1"):
        refused = post(address, origin=origin)
        assert refused.status_code == 403
        assert refused.text == f"A page of another site ({origin}) may not use this app."


def test_what_the_browser_calls_cross_site_is_refused(address: str) -> None:
    for site in ("cross-site", "same-site"):
        assert get(address, CONFIG, sec_fetch_site=site, sec_fetch_mode="no-cors").status_code == 403
        assert post(address, sec_fetch_site=site, sec_fetch_mode="navigate").status_code == 403  # a form elsewhere


def test_a_link_from_elsewhere_opens_the_page(address: str) -> None:
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert get(address, **link).status_code == 200


def test_no_page_stands_in_a_frame_of_another(address: str) -> None:
    frame = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
    assert get(address, "/align", **frame).status_code == 403
    for path in ("/", "/align", "/chat", "/data", CONFIG):
        assert get(address, path).headers["content-security-policy"] == "frame-ancestors 'none'"


def test_own_pages_pass_under_every_name_of_loopback(address: str) -> None:
    port = urlsplit(address).port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"):
        own = {"host": host, "origin": f"http://{host}", "sec_fetch_site": "same-origin", "sec_fetch_mode": "cors"}
        assert get(address, CONFIG, **own).status_code == 200
        assert post(address, **own).status_code != 403


def test_programs_pass(address: str) -> None:
    for path in ("/", "/align", "/chat", "/data", CONFIG):
        assert get(address, path).status_code == 200


def test_without_accounts_a_proxy_hands_nobody_in_from_another_machine(address: str) -> None:
    refused = get(address, x_forwarded_for="192.0.2.7")
    assert refused.status_code == 403
    assert "this machine only, not 192.0.2.7" in refused.text

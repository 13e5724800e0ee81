"""Who may ask what: every endpoint of the app in every role, by raw requests.

A new endpoint fails here until its line, which `python -m tests.endpoint_roles` prints, stands in docs/access.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import httpx
import pytest

from labeling.ui.door import OPEN, SAID
from tests.endpoint_roles import (
    Asker,
    app_with_people,
    as_row,
    documented,
    endpoints,
    is_taken,
    measured,
    refuses_by_itself,
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[gr.Blocks, str, dict[str, Asker]]]:
    with app_with_people(tmp_path_factory.mktemp("roles") / "home") as people:
        yield people


def test_every_endpoint_takes_the_roles_that_are_written_down_and_no_other(
    app: tuple[gr.Blocks, str, dict[str, Asker]],
) -> None:
    blocks, _, askers = app
    found = {as_row(name, row) for name, row in measured(blocks, askers).items()}
    assert found == set(documented()), "docs/access.md has the lines of `python -m tests.endpoint_roles`"


def test_every_handler_refuses_nobody_by_itself_also_past_the_door(
    app: tuple[gr.Blocks, str, dict[str, Asker]],
) -> None:
    asked = [one for one in endpoints(app[0]) if one.function is not None]
    assert [one.name for one in asked if not refuses_by_itself(one)] == []


def test_the_queue_and_the_plain_calls_are_no_way_around_a_role(app: tuple[gr.Blocks, str, dict[str, Asker]]) -> None:
    blocks, _, askers = app
    above = {line.split("`")[1] for line in documented() if line.split(" | ")[2] == "no"}
    guarded = {one.name: one for one in endpoints(blocks) if one.name in above and one.api_name}
    assert len(guarded) > 20
    assert not any(askers["labeler"].queued(list(guarded.values())).values())
    call = askers["labeler"].client
    for one in guarded.values():
        joined = call.post(f"/gradio_api/call/{one.api_name}", json={"data": [None] * one.inputs}).json()
        assert not is_taken(call.get(f"/gradio_api/call/{one.api_name}/{joined['event_id']}").text), one.name


def test_who_is_not_logged_in_sees_no_route_of_gradio_either(app: tuple[gr.Blocks, str, dict[str, Asker]]) -> None:
    blocks, address, _ = app
    paths = {path.replace("{", "").replace("}", "") for path in all_paths(blocks.app)} - set(OPEN)
    assert {"/config", "/gradio_api/queue/data", "/gradio_api/upload", "/gradio_api/file=path_or_url"} <= paths
    with httpx.Client(base_url=address, trust_env=False) as nobody:
        for path in paths - {"/invitation/token"}:
            for answer in (nobody.get(path), nobody.post(path, json={})):
                assert (answer.status_code, answer.json()) == (401, {"detail": SAID}), path


def all_paths(app: gr.routes.App) -> set[str]:
    """Every path of the app as its own description and its list of routes have it."""
    described = set(app.openapi()["paths"])
    return described | {route.path for route in app.routes if hasattr(route, "path")}

"""Who may ask what of the app, found out by asking: every endpoint that Gradio has, in every role.

`python -m tests.endpoint_roles` prints the table, as it stands in docs/access.md.
"""

from __future__ import annotations

import inspect
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
from gradio.helpers import special_args
from starlette.requests import Request
from starlette.routing import Route

from alignment.inference import InferenceServer
from labeling.accounts import ROLES, RoleError, add_user
from labeling.invitations import accept, invite
from labeling.logins import make_token
from storage.database import Store
from tests.served import App

DOCUMENT = Path(__file__).parent.parent / "docs" / "access.md"
WHO = ("nobody", *ROLES)
REFUSED = re.compile(rf"this takes an? ({'|'.join(ROLES)}):|Nobody is logged in")
PASSWORD = "a long enough one"


@dataclass(frozen=True)
class Endpoint:
    """Something that answers: an event or a page's function of the app, or a route of our own."""

    name: str
    function: Callable[..., Any] | None = None
    inputs: int = 0
    fn_index: int | None = None
    api_name: str | None = None
    component_id: int | None = None
    route: tuple[str, str] | None = None  # method and path


def endpoints(blocks: gr.Blocks) -> list[Endpoint]:
    """All of the app, in the order in which it was built. An event without a function is the browser's own business."""
    found = [
        Endpoint(
            f"/{fn.api_name}" if fn.api_visibility == "public" else named(fn.fn),
            fn.fn,
            len(fn.inputs),
            fn_index=index,
            api_name=str(fn.api_name),
        )
        for index, fn in blocks.fns.items()
        if fn.fn is not None
    ]
    found += [
        Endpoint(named(function), function, 1, component_id=component_id)
        for component_id, component in blocks.blocks.items()
        for function in getattr(component, "server_fns", [])
    ]
    routes = [route for route in blocks.app.routes if type(route) is Route and route.path != "/openapi.json"]
    found += [
        Endpoint(f"{method} {route.path}", route=(method, route.path))
        for route in routes
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]
    return found


def named(function: Callable[..., Any]) -> str:
    """A function's module and name within it, as in `align.Align.load`."""
    inner = inspect.unwrap(function)
    return f"{inner.__module__.rpartition('.')[2]}.{inner.__qualname__.replace('<locals>.', '')}"


@dataclass(frozen=True)
class Asker:
    """A program in one role, or in none."""

    client: httpx.Client
    page: str  # the hash of an open page; one under which somebody else asked is refused before any handler sees it

    def may(self, one: Endpoint) -> bool:
        """Whether it took the request: one that it could make nothing of counts as taken."""
        return is_taken(self._run(one) if one.fn_index is not None else self._called(one))

    def queued(self, asked: list[Endpoint]) -> dict[str, bool]:
        """The same of events, asked through the queue, as pages do."""
        waiting: dict[str, str] = {}
        for one in asked:
            body = {"fn_index": one.fn_index, "data": [None] * one.inputs, "session_hash": self.page}
            joined = self.client.post("/gradio_api/queue/join", json=body).raise_for_status()
            waiting[joined.json()["event_id"]] = one.name
        taken: dict[str, bool] = {}
        with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.page}) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed":
                    taken[waiting.pop(message["event_id"])] = is_taken(json.dumps(message["output"]))
                    if not waiting:
                        return taken
        raise AssertionError(f"the stream ended before {waiting}")

    def _run(self, event: Endpoint) -> str:
        body = {"fn_index": event.fn_index, "data": [None] * event.inputs, "session_hash": self.page}
        return self.client.post("/gradio_api/run/predict", json=body).text

    def _called(self, one: Endpoint) -> str:
        if one.route is not None:
            method, path = one.route
            answer = self.client.request(method, re.sub(r"{.*?}", "x", path), data={} if method == "POST" else None)
            return answer.text
        assert one.function is not None
        body = {
            "component_id": one.component_id,
            "fn_name": one.function.__name__,
            "session_hash": self.page,
            "data": {},
        }
        answer = self.client.post("/gradio_api/component_server/", json=body)
        assert answer.status_code in (200, 401), f"{one.name} fails where it should refuse: put @sentence on it"
        return answer.text


def is_taken(answer: str) -> bool:
    """Whether this is no refusal for want of a role."""
    return REFUSED.search(answer) is None


def refuses_by_itself(one: Endpoint) -> bool:
    """Whether the handler, asked past the door by nobody, refuses."""
    assert one.function is not None
    bare = Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []})
    data: list[Any] = [{}] if one.component_id is not None else [None] * one.inputs
    arguments, *_ = special_args(one.function, data, gr.Request(bare) if one.component_id is None else bare, None)
    try:
        answer = one.function(*arguments)
        answer = next(answer) if inspect.isgenerator(answer) else answer
    except (RoleError, gr.Error) as error:
        return not is_taken(str(error))
    return not is_taken(json.dumps(answer, default=str))


@contextmanager
def app_with_people(home: Path) -> Iterator[tuple[gr.Blocks, str, dict[str, Asker]]]:
    """The app, its address, and somebody in each role to ask it."""
    store = Store.open(home)
    for role in ROLES:
        add_user(store, f"one {role}", role, "test")
    accept(store, invite(store, "one admin", "test").path.rpartition("/")[2], PASSWORD)
    app = App(store)
    app.show(store, InferenceServer(home / "unused.log"))
    askers = {}
    for who in WHO:
        token = make_token(store, f"one {who}", 1, "test") if who in ROLES else ""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        askers[who] = Asker(
            httpx.Client(base_url=app.address, headers=headers, timeout=60, trust_env=False), f"page of {who}"
        )
    try:
        yield app.blocks, app.address, askers
    finally:
        app.close()


def measured(blocks: gr.Blocks, askers: dict[str, Asker]) -> dict[str, list[bool]]:
    """Name of each endpoint to who may: nobody, labeler, researcher, admin. The admin goes last, as they do things."""
    all_of_them = endpoints(blocks)
    columns = [[asker.may(one) for one in all_of_them] for asker in askers.values()]
    rows: dict[str, list[bool]] = {}
    for one, *row in zip(all_of_them, *columns, strict=True):
        assert rows.setdefault(one.name, row) == row, f"{one.name} stands in two places and is guarded in one"
    return rows


def as_row(name: str, may: list[bool]) -> str:
    """A line of the table."""
    return f"| `{name}` | {' | '.join('yes' if one else 'no' for one in may)} |"


def documented() -> list[str]:
    """The lines of the table in docs/access.md."""
    return [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, app_with_people(Path(folder) / "home") as (blocks, _, askers):
        print(f"| endpoint | {' | '.join(WHO)} |\n| --- |{' --- |' * len(WHO)}")
        for name, row in sorted(measured(blocks, askers).items()):
            print(as_row(name, row))


if __name__ == "__main__":
    main()

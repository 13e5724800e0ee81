"""The shell around the pages: header, routes, and the launch of the server."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from labeling.accounts import require, role_of
from labeling.ui import align, catalogues, chat_page, data, lineage, plain, quality, rank, reward, theme
from labeling.ui.actions import Actions
from labeling.ui.door import Access, Door
from labeling.ui.endpoints import add_endpoints
from labeling.ui.entrance import Entrance
from labeling.ui.errors import sentence
from labeling.ui.guard import Guard
from labeling.ui.guidelines import Guidelines
from labeling.ui.identity import user_of
from labeling.ui.journal import Journal
from labeling.ui.me import Me
from labeling.ui.page_hashes import PageHashes
from labeling.ui.people import People
from labeling.ui.round_endpoints import add_round_endpoints
from storage.database import Store
from storage.errors import UserError

MODULES = {"": rank, "align": align, "chat": chat_page, "data": data}
PAGES = {path: (name, MODULES[path]) for path, name in plain.PAGES.items()}

INNER = {
    "reward": ("align", reward),
    "lineage": ("align", lineage),
    "quality": ("align", quality),
}  # pages that are reached from another, in whose look they are


def build(store: Store, actions: Actions, access: Access) -> gr.Blocks:
    """All pages as one app: Rank at /, then /align, /chat and /data, and /reward, /lineage and /quality inside."""
    blocks = gr.Blocks(title="Plumbline", analytics_enabled=False, fill_width=True)
    with blocks:
        for path, (name, module) in PAGES.items():
            turn_to(blocks, path, name)
            header(path, store, access)
            with gr.Column(elem_classes=["page", f"page-{name.lower()}"]):
                module.page(store, actions)
            if path == "":
                add_endpoints(store)
                add_round_endpoints(store, actions)
        for path, (outer, module) in INNER.items():
            turn_to(blocks, path, path.capitalize())
            header(outer, store, access)
            with gr.Column(elem_classes=["page", f"page-{outer}", f"page-{path}"]):
                module.page(store, actions)
    return blocks


def turn_to(blocks: gr.Blocks, path: str, name: str) -> None:
    """What is built from now on is on this page; the first, at "", is there already.

    `with blocks.route(name, path):` says the same, but makes the web server's app anew at the end of each page: for
    all pages of ours that is two thirds of a second of every start.
    """
    if path:
        blocks.pages.append((path, name, False))
    blocks.current_page = path


def header(current: str, store: Store, access: Access) -> None:
    """The name of the app, the way to its pages, and who is using it."""
    links = "".join(
        f'<a href="./{path}"{" aria-current=page" if path == current else ""} data-t="header.{name.lower()}"'
        f"{' data-role=researcher' if f'/{path}' in plain.RESEARCHERS else ''}>"
        f"{html.escape(name)}</a>"
        for path, (name, _) in PAGES.items()
    )
    gr.HTML(
        html_template=f'<header class="masthead"><a class="brand" href="./">Plumbline</a>'
        f'<nav data-t-label="header.pages">{links}</nav>{theme.text("who.html")}</header>',
        js_on_load=theme.text("who.js"),
        server_functions=[who_of(store, access)],
        apply_default_css=False,
    )


def who_of(store: Store, access: Access) -> Callable[..., dict[str, Any]]:
    """The function behind the right end of the header: who asks, in which role, and whether they can log out."""

    @sentence
    def who(_: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        name = require(store, user_of(request), "labeler")
        return {"name": name, "role": role_of(store, name), "login": access.by_login()}

    return who


def launch(blocks: gr.Blocks, access: Access, host: str, port: int) -> str:
    """Serve the app and return its URL once it answers; the server goes on in its own thread.

    Nothing leaves the machine: no analytics, no shared link, no history of runs. Raises UserError when the port is
    taken.
    """
    blocks.queue(default_concurrency_limit=None)
    try:
        _, url, _ = blocks.launch(
            server_name=f"[{host}]" if ":" in host else host,
            server_port=port,
            theme=theme.theme(),
            css=theme.css(),
            head=catalogues.head(),
            share=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
            run_history=False,
            footer_links=[],
            quiet=True,
            prevent_thread_lock=True,
            app_kwargs={
                "middleware": [
                    Middleware(Guard, access=access),
                    Middleware(Door, access=access),
                    Middleware(PageHashes),
                ],
                "routes": [
                    route for module in (Entrance, People, Journal, Me, Guidelines) for route in module(access).routes()
                ],
            },
        )
    except OSError as error:
        raise UserError(f"Port {port} of {host} cannot be used: choose another with --port.") from error
    return url

"""The Data page."""

from __future__ import annotations

from labeling.ui.actions import Actions
from storage.database import Store


def page(store: Store, actions: Actions) -> None:
    """Put the page's components into the route that is being built."""

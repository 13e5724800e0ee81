"""The process behind the chat: `transformers serve` with a route more, which ends when who started it does.

The parent holds the other end of stdin. When it is gone, by whatever signal, the read below ends and so does this
process; that works on every system and, unlike a signal on the parent's death, does not depend on which of the
parent's threads started us. Run as a file and with -P, for `alignment.queue` must not hide Python's own `queue`.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve on loopback at the port given as the only argument."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _add_best_of()
    from transformers.cli.transformers import main as transformers

    port = sys.argv[1]
    # float32, as a CPU without instructions for bfloat16 is several times slower with it. An idle model is let go of
    # after a while; the supervisor keeps the promoted one in use.
    options = ["--device", "cpu", "--dtype", "float32", "--model-timeout", "600", "--host", "127.0.0.1"]
    sys.argv = ["transformers", "serve", *options, "--port", port]
    transformers()


def _add_best_of() -> None:
    """Have the app that `transformers serve` builds answer with the best of several answers too."""
    from transformers.cli.serving import server

    build = server.build_server

    def build_with_more(manager: Any, *handlers: Any, generation_state: Any, **others: Any) -> Any:
        sys.path.append(str(Path(__file__).parents[1]))
        from alignment.best_of import add_route

        app = build(manager, *handlers, generation_state=generation_state, **others)
        add_route(app, manager, generation_state)
        return app

    server.build_server = build_with_more


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()

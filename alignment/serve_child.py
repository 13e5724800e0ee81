"""The process behind the chat: `transformers serve`, which ends when the process that started it does.

The parent holds the other end of stdin. When it is gone, by whatever signal, the read below ends and so does this
process; that works on every system and, unlike a signal on the parent's death, does not depend on which of the
parent's threads started us. Run as a file and with -P, for `alignment.queue` must not hide Python's own `queue`.
"""

from __future__ import annotations

import os
import sys
import threading


def main() -> None:
    """Serve on loopback at the port given as the only argument."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from transformers.cli.transformers import main as transformers

    port = sys.argv[1]
    # float32, as a CPU without instructions for bfloat16 is several times slower with it. An idle model is let go of
    # after a while; the supervisor keeps the promoted one in use.
    options = ["--device", "cpu", "--dtype", "float32", "--model-timeout", "600", "--host", "127.0.0.1"]
    sys.argv = ["transformers", "serve", *options, "--port", port]
    transformers()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()

"""Entry: ``python -m server_stub`` is the sync server, or what is done to its database."""

from __future__ import annotations

import sys

from server_stub.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

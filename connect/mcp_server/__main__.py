"""`python -m connect.mcp_server`: serve the tools over stdio, or over HTTP with `--http`.

MARKET_URL and MARKET_API_KEY say which deployment is asked and on whose account; MARKET_MODEL which core.
"""

import argparse
import os
import sys

from connect.mcp_server.market import Market
from connect.mcp_server.server import server_for


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m connect.mcp_server", description=__doc__)
    parser.add_argument("--http", action="store_true", help="streamable HTTP under /mcp instead of stdio")
    parser.add_argument("--host", default="127.0.0.1", help="whoever reaches it spends your money")
    parser.add_argument("--port", type=int, default=8765)
    options = parser.parse_args()
    key = os.environ.get("MARKET_API_KEY", "")
    if not key:
        sys.exit("Set MARKET_API_KEY to an API key with the scopes answers, plan, receipts and sources:read.")
    url = os.environ.get("MARKET_URL", "http://127.0.0.1:8000").rstrip("/")
    server = server_for(Market(url, key), model=os.environ.get("MARKET_MODEL") or None)
    if options.http:
        server.run("streamable-http", host=options.host, port=options.port)
    else:
        server.run("stdio")


if __name__ == "__main__":
    main()

"""What the suites share: the service's address, its two models, and the questions."""

import asyncio
import os

from pydantic import BaseModel

URL = os.environ["SERVICE_URL"]
# A real MCP server.
MCP_URL = os.environ["MCP_URL"]
MODEL = "thinkfirst-135m"
# Calls the tools that it is offered, then says what they gave: see `capable-model.ts`.
CAPABLE = "capable"
ASK = "What is 12 + 30?"
# Clients keep their connections per event loop, so the asynchronous features of one client share one.
LOOP = asyncio.new_event_loop()


class Sum(BaseModel):
    a: int
    b: int


class refused:
    """A block that has to raise this error; the error is in `error` afterwards."""

    def __init__(self, kind):
        self.kind = kind

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        assert error is not None, "not refused"
        self.error = error
        return isinstance(error, self.kind)

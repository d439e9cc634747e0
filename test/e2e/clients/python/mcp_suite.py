"""The official MCP client: the service as an MCP server."""

import json
import os

from mcp import Client, StdioServerParameters
from shared import ASK, LOOP, MODEL, URL, Sum

__all__ = ["LOOP"]
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[".."] * 4))
STDIO = StdioServerParameters(
    command="node", args=[os.path.join(ROOT, "bin", "thinkfirst.mjs"), "mcp", "--url", URL]
)


def texts(result):
    return [part.text for part in result.content]


async def answer():
    # Streamable HTTP by the newest protocol, by the one that begins with `initialize`, and stdio.
    for server, mode in [(f"{URL}/mcp", "auto"), (f"{URL}/mcp", "legacy"), (STDIO, "auto")]:
        async with Client(server, mode=mode) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            assert names == ["think", "get_trace"], names
            result = await client.call_tool(
                "think", {"question": ASK, "effort": "none", "model": MODEL}
            )
            assert not result.is_error, texts(result)
            assert result.structured_content["status"] == "completed", result
            assert texts(result)[0] == result.structured_content["answer"] != ""


async def stream():
    reports = []

    async def on_progress(progress, total, message):
        reports.append((progress, message))

    async with Client(f"{URL}/mcp") as client:
        question = {"question": "Calculate 77 times 63.", "effort": "high", "model": MODEL}
        await client.call_tool("think", question, progress_callback=on_progress)
    assert reports and all(message for _, message in reports), reports
    assert [progress for progress, _ in reports] == sorted({progress for progress, _ in reports})


async def thinking():
    async with Client(f"{URL}/mcp") as client:
        result = await client.call_tool("think", {"question": ASK, "effort": "low", "model": MODEL})
        said = result.structured_content
        assert said["thinking_tokens"] > 0 and said["verdict"]["kind"] in texts(result)[1], said
        trace = await client.call_tool("get_trace", {"response_id": said["response_id"]})
        steps = json.loads(texts(trace)[0])["steps"]
        assert any(step["text"] for step in steps), steps


async def structured_output():
    async with Client(f"{URL}/mcp") as client:
        result = await client.call_tool(
            "think", {"question": ASK, "schema": Sum.model_json_schema(), "effort": "none", "model": MODEL}
        )
        Sum.model_validate_json(result.structured_content["answer"])


async def errors():
    async with Client(f"{URL}/mcp") as client:
        result = await client.call_tool("think", {"question": ASK, "model": "none"})
        assert result.is_error and "none" in texts(result)[0], texts(result)
        result = await client.call_tool("think", {"question": ASK, "budget": -5})
        assert result.is_error and "budget" in texts(result)[0], texts(result)

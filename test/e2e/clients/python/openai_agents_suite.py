"""OpenAI's Agents SDK for Python."""

import os
import tempfile

import openai
from agents import (
    Agent,
    CodeInterpreterTool,
    HostedMCPTool,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIConversationsSession,
    Runner,
    SQLiteSession,
    function_tool,
    set_default_openai_client,
    set_tracing_disabled,
)
from openai.types.shared import Reasoning
from shared import ASK, CAPABLE, LOOP, MCP_URL, MODEL, URL, Sum, refused

client = openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key="unused", max_retries=0)
set_default_openai_client(client, use_for_tracing=False)
set_tracing_disabled(True)
FAST = ModelSettings(reasoning=Reasoning(effort="none"))


@function_tool
def add(a: int, b: int) -> str:
    """Adds two whole numbers."""
    return str(a + b)


@function_tool
def get_weather(city: str) -> str:
    """Gives the weather of a city."""
    return f"{city} is sunny"


def assistant(model=MODEL, **options):
    return Agent(name="Assistant", instructions="Answer briefly.", model=model, **options)


async def answer():
    result = await Runner.run(assistant(model_settings=FAST), ASK)
    assert result.final_output


async def stream():
    text, types = "", []
    result = Runner.run_streamed(assistant(), ASK)
    async for event in result.stream_events():
        if event.type == "raw_response_event":
            types.append(event.data.type)
            if event.data.type == "response.output_text.delta":
                text += event.data.delta
    assert text and text == result.final_output
    assert types[-1] == "response.completed", types


async def thinking():
    settings = ModelSettings(reasoning=Reasoning(effort="low", summary="auto"))
    result = await Runner.run(assistant(model_settings=settings), ASK)
    assert result.new_items[0].type == "reasoning_item"
    usage = result.context_wrapper.usage
    assert usage.output_tokens_details.reasoning_tokens > 0


async def tools():
    result = await Runner.run(assistant(CAPABLE, tools=[add, get_weather]), ASK)
    assert "42" in result.final_output and "Seoul is sunny" in result.final_output, result.final_output
    streamed = Runner.run_streamed(assistant(CAPABLE, tools=[add]), ASK)
    kinds = [event.item.type async for event in streamed.stream_events() if event.type == "run_item_stream_event"]
    assert kinds[-3:] == ["tool_call_item", "tool_call_output_item", "message_output_item"], kinds
    assert "42" in streamed.final_output
    chat = OpenAIChatCompletionsModel(model=CAPABLE, openai_client=client)
    assert "42" in (await Runner.run(assistant(chat, tools=[add]), ASK)).final_output


async def hosted_tools():
    interpreter = CodeInterpreterTool({"type": "code_interpreter", "container": {"type": "auto"}})
    server = {"type": "mcp", "server_label": "all", "server_url": MCP_URL, "allowed_tools": ["get-sum"]}
    free = HostedMCPTool({**server, "require_approval": "never"})
    streamed = Runner.run_streamed(assistant(CAPABLE, tools=[interpreter, free]), ASK)
    async for _ in streamed.stream_events():
        pass
    types = [item.type for response in streamed.raw_responses for item in response.output]
    assert types == ["mcp_list_tools", "code_interpreter_call", "mcp_call", "message"], types
    assert "42" in streamed.final_output, streamed.final_output

    asked = []

    def approve(request):
        asked.append(request.data.name)
        return {"approve": True}

    guarded = HostedMCPTool({**server, "require_approval": "always"}, on_approval_request=approve)
    result = await Runner.run(assistant(CAPABLE, tools=[guarded]), ASK)
    assert asked == ["get-sum"] and "42" in result.final_output, result.final_output


async def hand_off():
    weather = Agent(name="Weather", model=CAPABLE, tools=[get_weather])
    result = await Runner.run(assistant(CAPABLE, handoffs=[weather]), "How is the weather in Seoul?")
    assert result.last_agent.name == "Weather"
    assert "Seoul is sunny" in result.final_output, result.final_output


async def structured_output():
    result = await Runner.run(assistant(output_type=Sum, model_settings=FAST), ASK)
    assert isinstance(result.final_output, Sum)


async def remembers(session):
    agent = assistant(CAPABLE, tools=[add])
    await Runner.run(agent, "My name is Ada.", session=session)
    result = await Runner.run(agent, ASK, session=session)
    assert "Ada" in result.final_output, result.final_output
    items = await session.get_items()
    assert [item.get("role") for item in items if item.get("role")] == ["user", "assistant"] * 2
    last = await session.pop_item()
    assert last["role"] == "assistant", last
    assert len(await session.get_items()) == len(items) - 1
    await session.clear_session()
    assert await session.get_items() == []


async def sessions():
    with tempfile.TemporaryDirectory() as folder:
        session = SQLiteSession("session", os.path.join(folder, "sessions.db"))
        await remembers(session)
        session.close()


async def conversations():
    await remembers(OpenAIConversationsSession(openai_client=client))


async def errors():
    with refused(openai.NotFoundError) as missing:
        await Runner.run(assistant("none"), ASK)
    assert missing.error.code == "model_not_found"

"""Pydantic AI, by the Responses API and by chat completions."""

from pydantic_ai import Agent, ModelHTTPError, NativeOutput
from pydantic_ai.messages import ThinkingPart
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider
from shared import ASK, CAPABLE, LOOP, MODEL, URL, Sum, refused

provider = OpenAIProvider(base_url=f"{URL}/v1", api_key="unused")
KINDS = (OpenAIResponsesModel, OpenAIChatModel)
FAST = {"openai_reasoning_effort": "none"}


def add(a: int, b: int) -> str:
    """Adds two whole numbers."""
    return str(a + b)


def agents(model=MODEL, **options):
    return [Agent(kind(model, provider=provider), **options) for kind in KINDS]


async def answer():
    for agent in agents():
        result = await agent.run(ASK, model_settings=FAST)
        assert result.output and result.usage.output_tokens > 0


async def stream():
    for agent in agents():
        async with agent.run_stream(ASK) as result:
            pieces = [piece async for piece in result.stream_text(delta=True)]
            assert "".join(pieces) == await result.get_output() != ""


async def thinking():
    settings = {"openai_reasoning_effort": "low", "openai_reasoning_summary": "auto"}
    for agent in agents():
        result = await agent.run(ASK, model_settings=settings)
        parts = result.response.parts
        assert isinstance(parts[0], ThinkingPart) and parts[0].content, parts


async def tools():
    for agent in agents(CAPABLE, tools=[add]):
        result = await agent.run(ASK)
        assert "42" in result.output, result.output
        again = await agent.run("And once more?", message_history=result.all_messages())
        assert "42" in again.output


async def structured_output():
    # As the arguments of a tool, which is the default, and as a JSON schema.
    for output in (Sum, NativeOutput(Sum)):
        for agent in agents(output_type=output):
            result = await agent.run(ASK, model_settings=FAST)
            assert isinstance(result.output, Sum)


async def errors():
    for agent in agents("none"):
        with refused(ModelHTTPError) as missing:
            await agent.run(ASK)
        assert missing.error.status_code == 404

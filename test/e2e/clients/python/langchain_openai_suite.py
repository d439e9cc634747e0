"""LangChain's client for OpenAI, by the Responses API and by chat completions."""

import openai
from langchain_core.messages import AIMessageChunk, ToolMessage
from langchain_openai import ChatOpenAI
from shared import ASK, CAPABLE, MODEL, URL, Sum, refused


def models(model=MODEL, **options):
    made = {"base_url": f"{URL}/v1", "api_key": "unused", "max_retries": 0, "model": model}
    return [ChatOpenAI(**made, use_responses_api=each, **options) for each in (True, False)]


def add(a: int, b: int) -> str:
    """Adds two whole numbers."""
    return str(a + b)


def answer():
    for model in models(reasoning_effort="none"):
        message = model.invoke(ASK)
        assert message.text and message.usage_metadata["output_tokens"] > 0


def stream():
    for model in models():
        whole = AIMessageChunk(content="")
        for chunk in model.stream(ASK):
            whole += chunk
        assert whole.text


def thinking():
    by_responses, by_chat = models(reasoning={"effort": "low", "summary": "auto"})[0], models(reasoning_effort="low")[1]
    assert by_responses.invoke(ASK).content[0]["type"] == "reasoning"
    assert by_chat.invoke(ASK).usage_metadata["output_token_details"]["reasoning"] > 0


def tools():
    for model in models(CAPABLE):
        bound = model.bind_tools([add])
        call = bound.invoke(ASK)
        (made,) = call.tool_calls
        assert made["args"] == {"a": 12, "b": 30}
        told = ToolMessage(content=add(**made["args"]), tool_call_id=made["id"])
        assert "42" in bound.invoke([("user", ASK), call, told]).text


def structured_output():
    for model in models(reasoning_effort="none"):
        for method in ("json_schema", "function_calling"):
            assert isinstance(model.with_structured_output(Sum, method=method).invoke(ASK), Sum)


def errors():
    for model in models("none"):
        with refused(openai.NotFoundError) as missing:
            model.invoke(ASK)
        assert missing.error.code == "model_not_found"

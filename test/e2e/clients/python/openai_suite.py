"""OpenAI's client for Python."""

import asyncio
import io
import json
import uuid

import openai
from openai import AsyncOpenAI, OpenAI
from shared import ASK, CAPABLE, MCP_URL, MODEL, URL, Sum, refused

base_url = f"{URL}/v1"
client = OpenAI(base_url=base_url, api_key="unused", max_retries=0)


PARAMETERS = {**Sum.model_json_schema(), "additionalProperties": False}
ADD = {"name": "add", "description": "Adds two whole numbers.", "parameters": PARAMETERS}
FAST = {"effort": "none"}


def answer():
    response = client.responses.create(model=MODEL, input=ASK, reasoning=FAST)
    assert response.status == "completed" and response.output_text
    assert client.responses.retrieve(response.id).output_text == response.output_text
    assert client.responses.input_items.list(response.id).data
    chained = client.responses.create(
        model=MODEL, input="And now?", previous_response_id=response.id, reasoning=FAST
    )
    assert chained.previous_response_id == response.id
    client.responses.delete(response.id)
    assert MODEL in [model.id for model in client.models.list()]


def stream():
    text = ""
    with client.responses.stream(model=MODEL, input=ASK, reasoning={"effort": "low"}) as events:
        for event in events:
            if event.type == "response.output_text.delta":
                text += event.delta
        final = events.get_final_response()
    assert text and text == final.output_text

    async def asynchronous():
        types = []
        made = await AsyncOpenAI(base_url=base_url, api_key="unused").responses.create(
            model=MODEL, input=ASK, reasoning=FAST, stream=True
        )
        async for event in made:
            types.append(event.type)
        return types

    types = asyncio.run(asynchronous())
    assert types[0] == "response.created" and types[-1] == "response.completed", types


def thinking():
    asked = {"effort": "low", "summary": "auto"}
    response = client.responses.create(model=MODEL, input=ASK, reasoning=asked)
    assert response.output[0].type == "reasoning"
    assert response.usage.output_tokens_details.reasoning_tokens > 0
    # Our own fields pass through `extra_body`.
    capped = client.responses.create(
        model=MODEL, input=ASK, extra_body={"reasoning": {"effort": "low", "budget_tokens": 20}}
    )
    assert capped.model_extra["thinking_stop"] is not None


def tools():
    response = client.responses.create(
        model=MODEL,
        input=ASK,
        tools=[{"type": "function", "strict": True, **ADD}],
        tool_choice="required",
        reasoning=FAST,
    )
    (call,) = [item for item in response.output if item.type == "function_call"]
    Sum.model_validate_json(call.arguments)
    told = client.responses.create(
        model=MODEL,
        previous_response_id=response.id,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "42"}],
        reasoning=FAST,
    )
    assert told.output_text


INTERPRETER = {"type": "code_interpreter", "container": {"type": "auto"}}
SERVER = {"type": "mcp", "server_label": "all", "server_url": MCP_URL, "allowed_tools": ["get-sum"]}


def hosted_tools():
    asked = {"model": CAPABLE, "input": ASK, "tools": [INTERPRETER, {**SERVER, "require_approval": "never"}]}
    types = ["mcp_list_tools", "code_interpreter_call", "mcp_call", "message"]
    response = client.responses.create(**asked, include=["code_interpreter_call.outputs"])
    assert [item.type for item in response.output] == types, response.output
    assert response.output[1].outputs[0].logs == "42\n" and "42" in response.output[2].output
    with client.responses.stream(**asked) as events:
        seen = {event.type for event in events}
        final = events.get_final_response()
    assert [item.type for item in final.output] == types, final.output
    for event in ["code_interpreter_call.interpreting", "mcp_list_tools.completed", "mcp_call.completed"]:
        assert f"response.{event}" in seen, seen

    waiting = client.responses.create(model=CAPABLE, input=ASK, tools=[{**SERVER, "require_approval": "always"}])
    request = waiting.output[-1]
    assert request.type == "mcp_approval_request" and json.loads(request.arguments) == {"a": 12, "b": 30}
    approval = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": True}
    approved = client.responses.create(
        model=CAPABLE,
        previous_response_id=waiting.id,
        input=[approval],
        tools=[{**SERVER, "require_approval": "always"}],
    )
    assert "42" in approved.output_text, approved.output


def structured_output():
    response = client.responses.parse(model=MODEL, input=ASK, text_format=Sum, reasoning=FAST)
    assert isinstance(response.output_parsed, Sum)


def batches():
    line = {"custom_id": "a", "method": "POST", "url": "/v1/responses"}
    line["body"] = {"model": MODEL, "input": ASK, "mode": "fast"}
    held = io.BytesIO(json.dumps(line).encode())
    file = client.files.create(file=("in.jsonl", held), purpose="batch")
    batch = client.batches.create(
        endpoint="/v1/responses", input_file_id=file.id, completion_window="24h"
    )
    while batch.status == "in_progress":
        batch = client.batches.retrieve(batch.id)
    assert batch.status == "completed" and batch.request_counts.completed == 1
    (result,) = client.files.content(batch.output_file_id).text.splitlines()
    assert json.loads(result)["response"]["body"]["status"] == "completed"


def errors():
    with refused(openai.BadRequestError) as bad:
        client.responses.create(model=MODEL, input=ASK, temperature=9)
    assert (bad.error.param, bad.error.code) == ("temperature", "invalid_value")
    with refused(openai.NotFoundError) as missing:
        client.responses.retrieve("resp_none")
    assert missing.error.code == "not_found" and missing.error.request_id


MESSAGES = [{"role": "user", "content": ASK}]
QUICK = {"model": MODEL, "messages": MESSAGES, "reasoning_effort": "none"}


def chat_answer():
    made = client.chat.completions.create(**QUICK, n=2)
    assert len(made.choices) == 2 and all(choice.message.content for choice in made.choices)


def chat_stream():
    text, usage = "", None
    chunks = client.chat.completions.create(**QUICK, stream=True, stream_options={"include_usage": True})
    for chunk in chunks:
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        usage = chunk.usage or usage
    assert text and usage.total_tokens > 0


def chat_thinking():
    made = client.chat.completions.create(**{**QUICK, "reasoning_effort": "low"})
    assert made.choices[0].message.model_extra["reasoning_content"]


def chat_tools():
    made = client.chat.completions.create(
        **QUICK, tools=[{"type": "function", "function": ADD}], tool_choice="required"
    )
    assert made.choices[0].finish_reason == "tool_calls"
    Sum.model_validate_json(made.choices[0].message.tool_calls[0].function.arguments)


def chat_structured_output():
    made = client.chat.completions.parse(**QUICK, response_format=Sum)
    assert isinstance(made.choices[0].message.parsed, Sum)


def chat_stored():
    stored = client.chat.completions
    metadata = {"made": str(uuid.uuid4())}
    made = stored.create(**QUICK, store=True, metadata=metadata)
    assert [one.id for one in stored.list(model=MODEL, metadata=metadata)] == [made.id]
    assert stored.retrieve(made.id).choices == made.choices
    assert [(one.role, one.content) for one in stored.messages.list(made.id)] == [("user", ASK)]
    assert stored.update(made.id, metadata={}).metadata == {}
    assert stored.delete(made.id).deleted
    with refused(openai.NotFoundError):
        stored.retrieve(made.id)


def chat_errors():
    with refused(openai.NotFoundError) as missing:
        client.chat.completions.create(**{**QUICK, "model": "none"})
    assert missing.error.code == "model_not_found"



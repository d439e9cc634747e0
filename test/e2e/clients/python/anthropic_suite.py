"""Anthropic's client for Python."""

import anthropic
from anthropic import Anthropic
from shared import ASK, MODEL, URL, Sum, refused

client = Anthropic(base_url=URL, api_key="unused", max_retries=0)
ASKED = {"model": MODEL, "max_tokens": 800, "messages": [{"role": "user", "content": ASK}]}
SCHEMA = {**Sum.model_json_schema(), "additionalProperties": False}


def answer():
    message = client.messages.create(**ASKED)
    assert [block.type for block in message.content] == ["text"] and message.content[0].text
    assert message.stop_reason == "end_turn"
    assert message._request_id
    assert client.messages.count_tokens(model=MODEL, messages=ASKED["messages"]).input_tokens > 0
    assert MODEL in [model.id for model in client.models.list()]


def stream():
    with client.messages.stream(**ASKED) as events:
        text = "".join(events.text_stream)
        final = events.get_final_message()
    assert text and final.content[-1].text == text and final.usage.output_tokens > 0


def thinking():
    message = client.messages.create(**ASKED, thinking={"type": "enabled", "budget_tokens": 300})
    assert [block.type for block in message.content] == ["thinking", "text"]
    assert message.content[0].thinking and message.content[0].signature


def tools():
    tool = {"name": "add", "description": "Adds two whole numbers.", "input_schema": SCHEMA}
    message = client.messages.create(**ASKED, tools=[tool], tool_choice={"type": "any"})
    assert message.stop_reason == "tool_use"
    (call,) = [block for block in message.content if block.type == "tool_use"]
    Sum.model_validate(call.input)


def structured_output():
    form = {"type": "json_schema", "schema": SCHEMA}
    message = client.messages.create(**ASKED, output_config={"format": form})
    Sum.model_validate_json(message.content[0].text)


def errors():
    with refused(anthropic.NotFoundError) as missing:
        client.messages.create(**{**ASKED, "model": "none"})
    assert missing.error.body["type"] == "error"
    assert missing.error.body["error"]["type"] == "not_found_error"
    assert missing.error.request_id
    with refused(anthropic.BadRequestError):
        client.messages.create(**{**ASKED, "max_tokens": -1})

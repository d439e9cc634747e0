"""Anthropic's client for Python."""

import anthropic
from anthropic import Anthropic, beta_tool
from shared import ASK, CAPABLE, MODEL, URL, Sum, refused

client = Anthropic(base_url=URL, api_key="unused", max_retries=0)
ASKED = {"model": MODEL, "max_tokens": 800, "messages": [{"role": "user", "content": ASK}]}
SCHEMA = {**Sum.model_json_schema(), "additionalProperties": False}


def answer():
    message = client.messages.create(**ASKED)
    assert [block.type for block in message.content] == ["text"] and message.content[0].text
    assert message.stop_reason == "end_turn"
    assert message._request_id
    # Without `thinking` no token is billed that the text doesn't show.
    assert message.usage.output_tokens < 60, message.usage
    assert client.messages.count_tokens(model=MODEL, messages=ASKED["messages"]).input_tokens > 0
    models = {model.id: model for model in client.models.list()}
    assert models[MODEL].type == "model" and models[MODEL].display_name


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


def tool_runner():
    @beta_tool
    def add(a: int, b: int) -> str:
        """Adds two whole numbers."""
        return str(a + b)

    for streamed in (False, True):
        runner = client.beta.messages.tool_runner(**{**ASKED, "model": CAPABLE}, tools=[add], stream=streamed)
        final = runner.until_done()
        assert "42" in final.content[-1].text, final.content


def structured_output():
    form = {"type": "json_schema", "schema": SCHEMA}
    message = client.messages.create(**ASKED, output_config={"format": form})
    Sum.model_validate_json(message.content[0].text)


def batches():
    batch = client.messages.batches.create(requests=[{"custom_id": "a", "params": ASKED}])
    while batch.processing_status != "ended":
        batch = client.messages.batches.retrieve(batch.id)
    assert batch.request_counts.succeeded == 1
    (result,) = client.messages.batches.results(batch.id)
    assert result.custom_id == "a" and result.result.message.content[0].text


def errors():
    with refused(anthropic.NotFoundError) as missing:
        client.messages.create(**{**ASKED, "model": "none"})
    assert missing.error.body["type"] == "error"
    assert missing.error.body["error"]["type"] == "not_found_error"
    assert missing.error.request_id
    with refused(anthropic.BadRequestError):
        client.messages.create(**ASKED, temperature=9)

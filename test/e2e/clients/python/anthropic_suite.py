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
    # Nothing is thought that isn't shown: the tokens are those of the text.
    assert message.usage.output_tokens == tokens(message.content[0].text), message.usage
    (model,) = [model for model in client.models.list() if model.id == MODEL]
    assert (model.type, model.display_name) == ("model", MODEL) and model.created_at
    assert client.models.retrieve(MODEL).display_name == MODEL


def tokens(text):
    """Those of a text itself: of a message less what the template puts around it, which a word of one token shows."""

    def counted(content):
        return client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": content}]).input_tokens

    return counted(text) - counted("x") + 1


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


    called = []

    @beta_tool
    def add(a: int, b: int) -> str:
        """Adds two whole numbers.

        Args:
            a: The first.
            b: The second.
        """
        called.append((a, b))
        return str(a + b)

    last = client.beta.messages.tool_runner(**{**ASKED, "model": CAPABLE}, tools=[add]).until_done()
    assert called == [(12, 30)], called
    assert last.stop_reason == "end_turn" and "42" in last.content[-1].text


def structured_output():
    form = {"type": "json_schema", "schema": SCHEMA}
    message = client.messages.create(**ASKED, output_config={"format": form})
    Sum.model_validate_json(message.content[0].text)


def batches():
    made = client.messages.batches.create(
        requests=[
            {"custom_id": "a", "params": ASKED},
            {"custom_id": "b", "params": {**ASKED, "model": "none"}},
        ]
    )
    assert made.type == "message_batch" and made.id.startswith("msgbatch_")
    batch = made
    while batch.processing_status != "ended":
        batch = client.messages.batches.retrieve(made.id)
    assert (batch.request_counts.succeeded, batch.request_counts.errored) == (1, 1)
    assert made.id in [one.id for one in client.messages.batches.list()]
    results = {line.custom_id: line.result for line in client.messages.batches.results(made.id)}
    assert results["a"].message.content[0].text
    assert results["b"].error.type == "error" and results["b"].error.error.type == "not_found_error"
    assert client.messages.batches.delete(made.id).type == "message_batch_deleted"


def errors():
    with refused(anthropic.NotFoundError) as missing:
        client.messages.create(**{**ASKED, "model": "none"})
    assert missing.error.body["type"] == "error"
    assert missing.error.body["error"]["type"] == "not_found_error"
    assert missing.error.request_id
    with refused(anthropic.BadRequestError) as bad:
        client.messages.create(**{**ASKED, "max_tokens": -1})
    assert bad.error.body["error"]["type"] == "invalid_request_error"
    for asked in (
        lambda: client.models.retrieve("none"),
        lambda: client.messages.batches.retrieve("msgbatch_none"),
        lambda: client.messages.batches.results("msgbatch_none"),
        lambda: client.get("/v1/none", cast_to=object),
    ):
        with refused(anthropic.NotFoundError) as lost:
            asked()
        assert lost.error.body["type"] == "error" and lost.error.response.headers["request-id"]

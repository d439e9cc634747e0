"""Ollama's client for Python."""

import ollama
from shared import ASK, MODEL, URL, Sum, refused

client = ollama.Client(host=URL)
ASKED = {"model": MODEL, "messages": [{"role": "user", "content": ASK}]}


def add(a: int, b: int) -> int:
    """Adds two whole numbers.

    Args:
      a: The first.
      b: The second.
    """
    return a + b


def answer():
    made = client.chat(**ASKED, think=False)
    assert made.done and made.message.content and made.eval_count > 0
    generated = client.generate(model=MODEL, prompt=ASK, think=False)
    assert generated.done and generated.response
    assert MODEL in [model.model for model in client.list().models]
    assert client.show(MODEL).capabilities
    assert client.ps().models is not None


def stream():
    parts = list(client.chat(**ASKED, think=False, stream=True))
    assert parts[-1].done and "".join(part.message.content or "" for part in parts)
    pieces = list(client.generate(model=MODEL, prompt=ASK, think=False, stream=True))
    assert pieces[-1].done and "".join(piece.response for piece in pieces)


def thinking():
    made = client.chat(**ASKED, think=True)
    assert made.message.thinking and made.message.content
    generated = client.generate(model=MODEL, prompt=ASK, think=True)
    assert generated.thinking and generated.response


def tools():
    # The embedded model may answer without a call; what counts is that a function is taken as a tool.
    made = client.chat(**ASKED, think=False, tools=[add])
    assert made.message.tool_calls or made.message.content


def structured_output():
    made = client.chat(**ASKED, think=False, format=Sum.model_json_schema())
    Sum.model_validate_json(made.message.content)


def errors():
    with refused(ollama.ResponseError) as missing:
        client.chat(**{**ASKED, "model": "none"})
    assert missing.error.status_code == 404 and "none" in missing.error.error

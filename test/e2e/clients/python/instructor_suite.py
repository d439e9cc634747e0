"""Instructor over OpenAI's client."""

import instructor
import openai
from openai import OpenAI
from shared import ASK, MODEL, URL, Sum, refused

FAST = {"model": MODEL, "messages": [{"role": "user", "content": ASK}], "response_model": Sum}


def client(mode):
    made = OpenAI(base_url=f"{URL}/v1", api_key="unused", max_retries=0)
    return instructor.from_openai(made, mode=mode)


def stream():
    for mode in (instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA):
        partials = list(client(mode).chat.completions.create_partial(**FAST, reasoning_effort="none"))
        assert isinstance(partials[-1].a, int) and isinstance(partials[-1].b, int)


def thinking():
    made, completion = client(instructor.Mode.JSON_SCHEMA).chat.completions.create_with_completion(
        **FAST, reasoning_effort="low"
    )
    assert isinstance(made, Sum)
    assert completion.usage.completion_tokens_details.reasoning_tokens > 0


def tools():
    for mode in (instructor.Mode.TOOLS, instructor.Mode.TOOLS_STRICT, instructor.Mode.RESPONSES_TOOLS):
        asked = {"reasoning": {"effort": "none"}} if mode is instructor.Mode.RESPONSES_TOOLS else {"reasoning_effort": "none"}
        assert isinstance(client(mode).chat.completions.create(**FAST, **asked), Sum)


def structured_output():
    made = client(instructor.Mode.JSON_SCHEMA).chat.completions.create(**FAST, reasoning_effort="none")
    assert isinstance(made, Sum)


def errors():
    with refused(Exception) as missing:
        client(instructor.Mode.TOOLS).chat.completions.create(**{**FAST, "model": "none"}, max_retries=0)
    cause = missing.error
    while not isinstance(cause, openai.NotFoundError):
        assert cause.__cause__, cause
        cause = cause.__cause__
    assert cause.code == "model_not_found"

"""LiteLLM, by each of the service's four APIs."""

import litellm
import openai
from shared import ASK, CAPABLE, LOOP, MODEL, URL, Sum, refused

litellm.suppress_debug_info = True
# The prefix chooses the API: chat completions, Ollama's chat and Anthropic's messages.
APIS = {"openai": f"{URL}/v1", "ollama_chat": URL, "anthropic": URL}
ADD = {
    "type": "function",
    "function": {"name": "add", "description": "Adds two whole numbers.", "parameters": Sum.model_json_schema()},
}


def completion(api, *, model=MODEL, **options):
    messages = options.pop("messages", [{"role": "user", "content": ASK}])
    return litellm.completion(
        model=f"{api}/{model}",
        messages=messages,
        api_base=APIS[api],
        api_key="unused",
        num_retries=0,
        **options,
    )


def responses(model=MODEL, **options):
    return litellm.responses(
        model=f"openai/{model}",
        input=ASK,
        api_base=APIS["openai"],
        api_key="unused",
        **options,
    )


def answer():
    for api in APIS:
        made = completion(api)
        assert made.choices[0].message.content, api
        assert made.usage.completion_tokens > 0, api
    made = responses(reasoning={"effort": "none"})
    assert made.status == "completed" and made.output[-1].content[0].text


def stream():
    for api in APIS:
        chunks = list(completion(api, stream=True))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks), api
    types = [event.type for event in responses(stream=True)]
    assert types[0] == "response.created" and types[-1] == "response.completed", types


def thinking():
    for api in APIS:
        # `reasoning_effort` isn't sent to models whose name LiteLLM doesn't know.
        asked = {"thinking": {"type": "enabled", "budget_tokens": 300}} if api == "anthropic" else {"reasoning_effort": "low"}
        made = completion(api, allowed_openai_params=list(asked), **asked)
        assert made.choices[0].message.reasoning_content, api
    made = responses(reasoning={"effort": "low", "summary": "auto"})
    assert made.output[0].type == "reasoning"


def tools():
    for api in APIS:
        asked = [{"role": "user", "content": ASK}]
        made = completion(api, model=CAPABLE, tools=[ADD], messages=asked)
        (call,) = made.choices[0].message.tool_calls
        Sum.model_validate_json(call.function.arguments)
        told = {"role": "tool", "tool_call_id": call.id, "content": "42"}
        made = completion(api, model=CAPABLE, tools=[ADD], messages=[*asked, made.choices[0].message, told])
        assert "42" in made.choices[0].message.content, api
    made = responses(CAPABLE, tools=[{"type": "function", **ADD["function"]}])
    assert made.output[-1].type == "function_call"


def structured_output():
    for api in APIS:
        form = {"type": "json_schema", "json_schema": {"name": "sum", "schema": Sum.model_json_schema()}}
        made = completion(api, response_format=form)
        Sum.model_validate_json(made.choices[0].message.content)


def errors():
    for api in APIS:
        with refused(openai.APIError) as missing:
            completion(api, model="none")
        assert "none" in str(missing.error), api

"""What the fuzzer is told of this service: caps that keep it cheap, and the refusals that no schema can announce."""

import re

import schemathesis

# The fields that say how much may be decoded. A model that thinks for minutes about noise tells nothing of the API.
CAPS = {
    "POST /v1/responses": "max_output_tokens",
    "POST /v1/chat/completions": "max_completion_tokens",
    "POST /v1/messages": "max_tokens",
    "POST /v1/completions": "max_tokens",
}
CAP = 8
MODEL = "thinkfirst-135m"
MOST = 1_000_000

# Refusals of bodies that fit their schema, by code …
RULES_BY_CODE = {
    "conflicting_parameters",
    "context_length_exceeded",
    "unsupported_constraint",
    "unsupported_input",
}
# … and by message.
RULES = re.compile(
    "|".join(
        [
            # Of /v1/messages, whose errors have no code.
            "contradict each other; leave one of them out",
            "expected some text, got none",
            "expected text without half a surrogate pair",
            "expected tools to choose from",
            "expected one of '",
            "expected one of the given tools",
            "expected the unmodified value from this service",
            "expected the unmodified value that /v1/responses/compact gave",
            "expected the call_id of an earlier call",
            "this service has no '",
            "another tool already has the name '",
            "expected 'logprobs' to be true",
            "not supported; text can only be continued at its end",
            "this service keeps no prompt templates",
            "answers in all, got",
            # An export whose entries follow none that stand before them.
            "expected the index of an earlier entry",
            "expected each custom_id once",
            # More than the schema says, because stored requests are read by it too; or names that only the service knows.
            r"expected at most \d+ (items|item_references)",
            "it goes into 'reasoning",
            "expected an http or https address",
            "expected an address without credentials",
            "expected a public address",
            # A schema or pattern that no answer can be held to, by its path; a prompt that is too long; again without code.
            r"^(response_format|output_config\.format|format|text\.format|tools\[\d+\])[.:]",
            "tokens long; the context of '",
            "does not fit into the context: the input leaves",
            # A request of a batch that names another endpoint than its batch.
            "expected the batch's endpoint '",
            # What this model can't read; of /api, whose errors have no code.
            "this model cannot (see images|read files)",
            "nested",
        ]
    )
)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes valid bodies cheap, and their model one that is there; what is no valid value stays what it is."""
    label, body = case.operation.label, case.body
    if not isinstance(body, dict):
        return
    if label == "POST /v1/configuration/models":
        # No model is added: a worker would try to load it.
        body["write"] = False
        return
    if label == "POST /v1/messages/batches":
        requests = body.get("requests")
        for request in requests if isinstance(requests, list) else []:
            if isinstance(request, dict) and isinstance(request.get("params"), dict):
                request["params"]["max_tokens"] = CAP
        return
    # A random name is a model that is not there, and the request would go no further.
    if isinstance(body.get("model"), str) and body["model"]:
        body["model"] = MODEL
    name = CAPS.get(label)
    if name is not None:
        if body.get(name) is None or is_between(body[name], CAP, MOST):
            body[name] = CAP
        if is_between(body.get("n"), 2, 16):
            body["n"] = 2
    elif label in ("POST /api/chat", "POST /api/generate"):
        options = body.get("options")
        if options is None:
            body["options"] = {"num_predict": CAP}
        elif isinstance(options, dict):
            given = options.get("num_predict")
            if given is None or is_between(given, CAP, MOST) or is_between(given, -MOST * MOST, 1):
                options["num_predict"] = CAP


@schemathesis.check
def refusals_have_a_known_rule(context, response, case):
    """A body that fits its schema is refused by a rule of the list above, or the schema says too little."""
    meta = case.meta
    if response.status_code != 400 or meta is None or not meta.generation.mode.is_positive:
        return
    if case.operation.path.startswith("/v1/configuration/"):
        return  # What is no model's folder, hub name or family is for the models to say.
    error = response.json().get("error")
    message = error if isinstance(error, str) else error.get("message", "")
    code = None if isinstance(error, str) else error.get("code")
    if code in RULES_BY_CODE or RULES.search(message):
        return
    raise AssertionError(f"refused by no known rule: {code}: {message}")


def is_between(value, above, most):
    return isinstance(value, int) and not isinstance(value, bool) and above < value <= most

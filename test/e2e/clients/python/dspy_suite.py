"""DSPy, by chat completions and by the Responses API."""

import dspy
from shared import ASK, MODEL, URL, refused

KINDS = ("chat", "responses")


def model(kind, name=MODEL):
    return dspy.LM(f"openai/{name}", api_base=f"{URL}/v1", api_key="unused", model_type=kind, cache=False, num_retries=0)


class Adds(dspy.Signature):
    """Adds two whole numbers."""

    question: str = dspy.InputField()
    answer: int = dspy.OutputField()


def answer():
    for kind in KINDS:
        made = model(kind)(ASK)
        assert made[0], made


def structured_output():
    for kind in KINDS:
        with dspy.context(lm=model(kind), adapter=dspy.JSONAdapter()):
            assert isinstance(dspy.Predict(Adds)(question=ASK).answer, int)


def errors():
    for kind in KINDS:
        with refused(Exception) as missing:
            model(kind, "none")(ASK)
        assert "none" in str(missing.error)

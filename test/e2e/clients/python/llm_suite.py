"""`llm`, the command line and its Python API, with the service in `extra-openai-models.yaml`."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile

from shared import ASK, CAPABLE, MODEL, URL, Sum, refused

folder = tempfile.mkdtemp()
atexit.register(shutil.rmtree, folder)
os.environ["LLM_USER_PATH"] = folder
with open(os.path.join(folder, "extra-openai-models.yaml"), "w") as file:
    for name in (MODEL, CAPABLE, "none"):
        file.write(f"- model_id: {name}\n  model_name: {name}\n  api_base: {URL}/v1\n")
        file.write("  supports_tools: true\n  supports_schema: true\n")

import llm  # noqa: E402, it reads LLM_USER_PATH

model = llm.get_model(MODEL)


def program(*arguments):
    environment = {**os.environ, "OPENAI_API_KEY": "unused"}
    done = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "llm"), *arguments],
        env=environment,
        # It reads its input to the end where that is no terminal.
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return done


def answer():
    assert model.prompt(ASK, stream=False, key="unused").text()
    done = program("-m", MODEL, "--no-stream", ASK)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr
    again = program("-c", "And now?")
    assert again.returncode == 0 and again.stdout.strip(), again.stderr


def stream():
    pieces = list(model.prompt(ASK, key="unused"))
    assert len(pieces) > 1 and "".join(pieces).strip()


def tools():
    def add(a: int, b: int) -> str:
        """Adds two whole numbers."""
        return str(a + b)

    for streamed in (True, False):
        said = llm.get_model(CAPABLE).chain(ASK, tools=[add], stream=streamed, key="unused").text()
        assert "42" in said, said


def structured_output():
    Sum.model_validate_json(model.prompt(ASK, schema=Sum, stream=False, key="unused").text())
    done = program("-m", MODEL, "--schema", "a int, b int", ASK)
    assert done.returncode == 0, done.stderr
    Sum.model_validate(json.loads(done.stdout))


def errors():
    with refused(Exception) as missing:
        llm.get_model("none").prompt(ASK, stream=False, key="unused").text()
    assert "none" in str(missing.error)

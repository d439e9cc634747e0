"""Peers on the questions of an evaluation, before the same OpenAI-compatible server: its_hub's self-consistency (plain,
adaptive, Beta) and optillm's (self_consistency, majority_voting), or one plain chain; and, beside effort `auto`, thinkbudget, a proxy
that guesses a budget from the question's words: as it is (it sets max_tokens alone), and with its budget sent as this
service's own field. All requests go through a counter in this
process, so tokens are those that the server decoded, whatever a peer reports. Each peer gives one text for a question, and
score.ts judges it as it judges ours.
With --same-chains the k-th request for a question has the seed of the service's own k-th chain, and the system prompt is the
service's: on a server that keeps seeded generations (bench/upstream/openvino_server.py --keep) all peers and the service's
plain majority then vote over the same chains, which are decoded once. Each peer's tokens are counted as if it had decoded them.
    python run.py --peer its-adaptive --url http://127.0.0.1:18417/v1 --model model --rows 301-500 --samples 5 --out its-adaptive.jsonl
    python run.py --peer thinkbudget --url http://127.0.0.1:8080/v1 --model thinkfirst-135m --set ../../eval/sets/mixed.jsonl --rows 1-600 --max-tokens 16384 --out thinkbudget.jsonl
A run that was stopped goes on where it was."""
import argparse, json, pathlib, re, threading, time, urllib.error, urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--peer", required=True, choices=["single", "its-plain", "its-adaptive", "its-beta", "optillm-consistency", "optillm-majority", "thinkbudget", "thinkbudget-budget"])
parser.add_argument("--url", required=True, help="the server's address, with /v1")
parser.add_argument("--model", required=True)
parser.add_argument("--set", default=str(pathlib.Path(__file__).parents[2] / "eval/sets/gsm8k-dev.jsonl"))
parser.add_argument("--rows", default="301-500")
parser.add_argument("--samples", type=int, default=5, help="chains for a question, at most")
parser.add_argument("--max-tokens", type=int, default=512, help="of one chain")
parser.add_argument("--temperature", type=float, help="default: the server's (optillm has its own: 1 and 0.6)")
parser.add_argument("--concurrency", type=int, default=1, help="questions at a time")
parser.add_argument("--same-chains", action="store_true", help="vote over the service's own chains (plain models)")
parser.add_argument("--out", required=True)
options = parser.parse_args()

# The form that ours asks for, so that the peers' votes can compare values.
system = "Think step by step. End with a line that says only: The answer is X."
if options.same_chains:
    # `thinkInstruction` of the plain family.
    family = (pathlib.Path(__file__).parents[2] / "src/models/families/plain.ts").read_text()
    system = re.search(r"thinkInstruction:\s*'([^']+)'", family)[1]
# What each question in flight has cost so far.
in_flight = {}
lock = threading.Lock()


def chain_seed(row, chain):
    """The seed of the service's chain for a request whose seed is the row (`sampled` in draw.ts, `sampleSeed` in request-body.ts)."""
    first = ((row + 0x9E3779B1) & 0xFFFFFFFF) >> 1
    mixed = (((first ^ (chain * 0x9E3779B1)) * 0x85EBCA6B) ^ chain) if chain else first
    return mixed & 0x7FFFFFFF


class Counter(BaseHTTPRequestHandler):
    """Passes requests on and adds up their usage. A request for n choices becomes n requests: not every server knows `n`."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        body["max_tokens"] = min(body.get("max_tokens") or options.max_tokens, options.max_tokens)
        body.pop("max_completion_tokens", None)
        if options.temperature is not None:
            body["temperature"] = options.temperature
        said = json.dumps(body["messages"])
        with lock:
            row = next((row for row, one in in_flight.items() if json.dumps(one["question"])[1:-1] in said), None)
        if row is None:
            raise ValueError("a request of no question in flight")
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(ask(body | {"n": 1}, row))) for _ in range(body.get("n") or 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        status, answer = answers[0]
        answer["choices"] = [one | {"index": index} for index, one in enumerate(c for _, a in answers for c in a.get("choices", []))]
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def ask(body, row):
    with lock:
        counted = in_flight[row]
        if options.same_chains:
            body = body | {"seed": chain_seed(row, counted["requests"])}
        counted["requests"] += 1
    request = urllib.request.Request(f"{options.url}/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=3_600) as answer:
            status, said = answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    usage = said.get("usage") or {}
    with lock:
        counted["input"] += usage.get("prompt_tokens", 0)
        counted["output"] += usage.get("completion_tokens", 0)
    return status, said


def value_of(text):
    """What its_hub votes on: the number that the text ends with."""
    numbers = re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)
    return numbers[-1].replace(",", "").rstrip(".") if numbers else ""


def its_hub(algorithm):
    import its_hub
    from its_hub.core.lms.openai_lm import OpenAICompatibleLanguageModel
    model = OpenAICompatibleLanguageModel(address, "none", options.model, system_prompt=system, max_tokens=options.max_tokens)
    consistency = getattr(its_hub, algorithm)(consistency_space_projection_func=value_of)

    def answer(question):
        result = consistency.infer(model, question, budget=options.samples)
        return result if isinstance(result, str) else result["content"]
    return answer


def optillm_client():
    from openai import OpenAI
    return OpenAI(base_url=address, api_key="none")


def optillm_consistency():
    from optillm.self_consistency import AdvancedSelfConsistency

    def answer(question):
        peer = AdvancedSelfConsistency(optillm_client(), options.model, num_samples=options.samples, request_config={"max_tokens": options.max_tokens})
        clusters = peer.evaluate(system, question)["aggregated_result"]["clusters"]
        return clusters[0]["answer"] if clusters else ""
    return answer


def optillm_majority():
    from optillm.plugins import majority_voting_plugin as plugin
    config = {"k": options.samples, "max_tokens": options.max_tokens}
    return lambda question: plugin.run(system, question, optillm_client(), options.model, config)[0]


def single():
    body = {"model": options.model, "messages": [{"role": "system", "content": system}], "max_tokens": options.max_tokens}
    client = optillm_client()

    def answer(question):
        messages = [*body["messages"], {"role": "user", "content": question}]
        return client.chat.completions.create(**body | {"messages": messages}).choices[0].message.content
    return answer


def chat(url, body):
    request = urllib.request.Request(f"{url}/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=3_600) as response:
        return json.load(response)["choices"][0]["message"]["content"]


def thinkbudget():
    import socket, uvicorn
    from thinkbudget.models import ProxyConfig
    from thinkbudget.proxy import create_app
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(ProxyConfig(backend_url=address.removesuffix("/v1"), backend_model=options.model)), log_level="warning"))
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"

    def answer(question):
        # It limits what one user spends in an hour: each question is a user's own.
        user = f"question-{hash(question)}"
        return chat(url, {"model": options.model, "messages": [{"role": "user", "content": question}], "user": user})
    return answer


def thinkbudget_budget():
    from thinkbudget.classifier import QueryClassifier
    from thinkbudget.models import BudgetConfig
    classifier, budgets = QueryClassifier(), BudgetConfig()

    def answer(question):
        messages = [{"role": "user", "content": question}]
        budget = budgets.get_budget(classifier.classify_messages(messages).tier)
        reasoning = {"effort": "medium", "budget_tokens": budget}
        return chat(address, {"model": options.model, "messages": messages, "max_tokens": options.max_tokens, "reasoning": reasoning})
    return answer


peers = {
    "thinkbudget": thinkbudget,
    "thinkbudget-budget": thinkbudget_budget,
    "single": single,
    "its-plain": lambda: its_hub("SelfConsistency"),
    "its-adaptive": lambda: its_hub("AdaptiveSelfConsistency"),
    "its-beta": lambda: its_hub("BetaSelfConsistency"),
    "optillm-consistency": optillm_consistency,
    "optillm-majority": optillm_majority,
}

counter = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
threading.Thread(target=counter.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{counter.server_port}/v1"
first, last = (int(one) for one in options.rows.split("-"))
out = pathlib.Path(options.out)
done = {json.loads(line)["row"] for line in out.read_text().splitlines()} if out.exists() else set()
questions = [json.loads(line) for line in pathlib.Path(options.set).read_text().splitlines()]
answer = peers[options.peer]()


def answer_row(row):
    question, started = questions[row - 1]["question"], time.monotonic()
    counts = in_flight[row] = {"question": question, "input": 0, "output": 0, "requests": 0}
    try:
        text = answer(question)
    except Exception as error:  # A peer's failure is a wrong answer, with its reason kept.
        text = f"failed: {type(error).__name__}: {error}"
    line = {"row": row, "peer": options.peer, "samples": options.samples, "text": text or "", "seconds": round(time.monotonic() - started, 2)}
    line |= {name: counts[name] for name in ("input", "output", "requests")}
    with lock:
        del in_flight[row]
        with out.open("a") as file:
            file.write(json.dumps(line) + "\n")
    print(f"{row}: {line['output']} tokens, {line['requests']} requests, {line['seconds']} s", flush=True)


with ThreadPoolExecutor(options.concurrency) as pool:
    list(pool.map(answer_row, (row for row in range(first, min(last, len(questions)) + 1) if row not in done)))
counter.shutdown()

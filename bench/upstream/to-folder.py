"""Writes a GGUF file's weights as a folder, for vLLM: of Llama-like models, Qwen2's among them.
    python3 -m venv v && v/bin/pip install numpy gguf safetensors
    v/bin/python bench/upstream/to-folder.py thinkfirst.gguf models/thinkfirst-135m folder
The second is a folder with the model's config.json and tokenizer, which are copied."""
import pathlib, shutil, sys
import gguf, numpy
from safetensors.numpy import save_file

file, source, folder = (pathlib.Path(each) for each in sys.argv[1:])
folder.mkdir(exist_ok=True)
reader = gguf.GGUFReader(file)
kind = reader.get_field("general.architecture").contents()
names = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
parts = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
}
heads = {
    "attn_q": int(reader.get_field(f"{kind}.attention.head_count").contents()),
    "attn_k": int(reader.get_field(f"{kind}.attention.head_count_kv").contents()),
}


def named(name):
    """The name that Hugging Face has for a tensor, and the part of a layer that it is."""
    stem, end = name.rsplit(".", 1)
    if not stem.startswith("blk."):
        return f"{names[stem]}.{end}", stem
    _, layer, part = stem.split(".")
    return f"model.layers.{layer}.{parts[part]}.{end}", part


def halves(values, count):
    """llama.cpp rotates pairs of neighbours in Llama's own kind; Hugging Face rotates halves."""
    return values.reshape(count, values.shape[0] // count // 2, 2, -1).swapaxes(1, 2).reshape(values.shape)


weights = {}
for tensor in reader.tensors:
    name, part = named(tensor.name)
    values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
    if kind == "llama" and part in heads:
        values = halves(values, heads[part])
    weights[name] = numpy.ascontiguousarray(values)
save_file(weights, folder / "model.safetensors", {"format": "pt"})
for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"):
    shutil.copy(source / name, folder)

"""Stores a GGUF file's weights again with 8 bits (Q8_0): OpenVINO reads no Q5_0 or K-quants. What was rounded stays rounded.
    python3 -m venv v && v/bin/pip install numpy gguf
    v/bin/python bench/upstream/to-q8.py model.gguf q8.gguf"""
import sys
import gguf
from gguf.quants import dequantize, quantize

source, target = sys.argv[1:]
reader = gguf.GGUFReader(source)
field = lambda name: reader.get_field(name).contents()
writer = gguf.GGUFWriter(target, field("general.architecture"))
for name, one in reader.fields.items():
    if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
        continue
    kind = one.types[0]
    writer.add_key_value(name, one.contents(), kind, one.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
writer.add_file_type(int(gguf.LlamaFileType.MOSTLY_Q8_0))
eight = gguf.GGMLQuantizationType.Q8_0
for tensor in reader.tensors:
    if tensor.tensor_type == gguf.GGMLQuantizationType.F32:
        writer.add_tensor(tensor.name, tensor.data)
    else:
        writer.add_tensor(tensor.name, quantize(dequantize(tensor.data, tensor.tensor_type), eight), raw_dtype=eight)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

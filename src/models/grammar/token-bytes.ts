import { z } from 'zod';
import type { TokenBytes } from './token-trie.ts';

/** The parts of a Hugging Face `tokenizer.json` that say which bytes a token stands for. */
const TokenizerFile = z.object({
  added_tokens: z.array(z.object({ id: z.int(), content: z.string() })).default([]),
  model: z.object({ type: z.literal('BPE'), vocab: z.record(z.string(), z.int()) }),
  decoder: z.unknown(),
});

/**
 * The bytes of each token of a byte-pair tokenizer, byte-level (GPT-2's alphabet) or with byte fallback (`▁` for a space,
 * `<0xNN>`). Added tokens are no text. Undefined for tokenizers of another make.
 */
export function tokenBytesOf(tokenizerFile: unknown): TokenBytes | undefined {
  const file = TokenizerFile.safeParse(tokenizerFile);
  if (!file.success) return undefined;
  const decoder = JSON.stringify(file.data.decoder ?? null);
  const byteLevel = decoder.includes('"ByteLevel"');
  if (!byteLevel && !decoder.includes('"ByteFallback"')) return undefined;
  const tokens: Array<Uint8Array | undefined> = [];
  const toBytes = byteLevel ? byteLevelBytes() : fallbackBytes;
  for (const [token, id] of Object.entries(file.data.model.vocab)) tokens[id] = toBytes(token);
  for (const { id } of file.data.added_tokens) tokens[id] = undefined;
  return Array.from(tokens);
}

function byteLevelBytes(): (token: string) => Uint8Array | undefined {
  const byteOf = new Map<string, number>();
  let shifted = 256;
  for (let byte = 0; byte < 256; byte += 1) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    byteOf.set(String.fromCharCode(printable ? byte : shifted++), byte);
  }
  return (token) => {
    const bytes = Array.from(token, (char) => byteOf.get(char));
    return bytes.includes(undefined) ? undefined : Uint8Array.from(bytes, (byte) => byte ?? 0);
  };
}

function fallbackBytes(token: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1];
  return byte ? Uint8Array.of(Number.parseInt(byte, 16)) : Buffer.from(token.replaceAll('▁', ' '));
}

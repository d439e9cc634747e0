/** The bytes that a token of the vocabulary stands for; undefined where it is none of this spelling. */
export type TokenSpelling = (token: string) => Uint8Array | undefined;

/**
 * How a byte-pair tokenizer spells its tokens: byte-level (GPT-2's alphabet) or with byte fallback (`▁` for a space, `<0xNN>`).
 * Undefined for tokenizers of another make. `file` is a Hugging Face tokenizer.json, parsed.
 */
export function tokenSpelling(file: object): TokenSpelling | undefined {
  const { model, decoder }: { model?: unknown; decoder?: unknown } = file;
  if (typeof model !== 'object' || model === null || !('type' in model) || model.type !== 'BPE') return undefined;
  const decoders = JSON.stringify(decoder ?? null);
  if (decoders.includes('"ByteLevel"')) return byteLevelSpelling();
  return decoders.includes('"ByteFallback"') ? byteFallbackSpelling : undefined;
}

/** GPT-2's map of bytes to printable characters, read backwards (openai/gpt-2 src/encoder.py, bytes_to_unicode). */
export function byteLevelSpelling(): TokenSpelling {
  const byteOf = new Map<string, number>();
  let moved = 0;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    byteOf.set(String.fromCodePoint(printable ? byte : 256 + moved++), byte);
  }
  return (token) => {
    const bytes = Array.from(token, (character) => byteOf.get(character));
    return bytes.includes(undefined) ? undefined : Uint8Array.from(bytes, (byte) => byte ?? 0);
  };
}

const encoder = new TextEncoder();
function byteFallbackSpelling(token: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1];
  return byte ? Uint8Array.of(Number.parseInt(byte, 16)) : encoder.encode(token.replaceAll('▁', ' '));
}

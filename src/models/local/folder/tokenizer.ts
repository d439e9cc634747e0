import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';

/** The bytes that a token of the vocabulary stands for; undefined where it is none of this spelling. */
type TokenSpelling = (token: string) => Uint8Array | undefined;

/**
 * How a byte-pair tokenizer spells its tokens: byte-level (GPT-2's alphabet) or with byte fallback (`▁` for a space, `<0xNN>`).
 * Undefined for tokenizers of another make. `file` is a Hugging Face tokenizer.json, parsed.
 */
function tokenSpelling(file: object): TokenSpelling | undefined {
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
export function byteFallbackSpelling(token: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1];
  return byte ? Uint8Array.of(Number.parseInt(byte, 16)) : encoder.encode(token.replaceAll('▁', ' '));
}

/** What the project needs of a tokenizer. */
export type ModelTokenizer = {
  /** Token ids of a text, with the texts of special tokens read as those tokens; none is added. Blocks: ~10 ms per 10,000 characters. */
  encode(text: string): number[];
  /** Text of ids, special tokens left out, spaces untouched. */
  decode(ids: readonly number[]): string;
  /** Id of a token by its exact text; undefined where it is no single token. */
  idOf(token: string): number | undefined;
  /** Id of the token and its bytes; undefined where the decoder isn't byte-level. Special tokens have no bytes. */
  bytesOf(id: number): Uint8Array | undefined;
  /** True where `bytesOf` is the whole truth: texts are the concatenated bytes of their tokens. */
  readonly byteLevel: boolean;
  /**
   * The bytes of a token that is ordinary text, as a grammar needs them; undefined for added tokens. Not there for a tokenizer
   * that is neither byte-level nor has byte fallback.
   */
  readonly textBytesOf: ((id: number) => Uint8Array | undefined) | undefined;
  /** A token as the vocabulary spells it (`Ġhouse`); undefined where there is none of this id. */
  spellingOf(id: number): string | undefined;
  /** The text of one token alone: special tokens by name, pieces of a character as U+FFFD. */
  textOf(id: number): string;
  isSpecial(id: number): boolean;
  readonly specialTexts: readonly string[];
  /** The texts that are tokens of the prompt's structure: special ones, and others that the chat template writes. */
  readonly controlTexts: readonly string[];
  /** The chat template, rendered up to where the model continues. */
  render(messages: readonly Record<string, unknown>[], options: RenderOptions): string;
};

type RenderOptions = {
  tools: readonly Record<string, unknown>[] | undefined;
  templateArguments: Readonly<Record<string, unknown>>;
};

/** tokenizer.json and tokenizer_config.json, parsed. */
export type TokenizerFiles = { tokenizer: object; config: Readonly<Record<string, unknown>> };

/**
 * A tokenizer of its two files, by the two libraries that transformers.js itself is made of: all of transformers.js takes
 * 130 MB and a second more, for nothing else of it. `chatTemplate` is for models that keep theirs in a file of its own.
 */
export function createModelTokenizer(
  { tokenizer: json, config }: TokenizerFiles,
  chatTemplate: string,
): ModelTokenizer {
  const source = new Tokenizer(json, config);
  const byteLevel = isByteLevel('decoder' in json ? json.decoder : undefined);
  const added = new Map<number, string>();
  const special = new Map<number, string>();
  for (const [id, token] of source.get_added_tokens_decoder()) {
    added.set(id, token.content);
    if (token.special) special.set(id, token.content);
  }
  const template = new Template(chatTemplate);
  const namedTokens = namedSpecialTokens(config);
  const encoder = new TextEncoder();
  const spell = tokenSpelling(json);
  const spellBytes = byteLevelSpelling();
  const decode = (ids: readonly number[]): string =>
    ids.length === 0 ? '' : source.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
  return {
    byteLevel,
    specialTexts: [...special.values()],
    controlTexts: [...added].flatMap(([id, text]) =>
      special.has(id) || (/\p{L}/u.test(text) && chatTemplate.includes(text)) ? [text] : [],
    ),
    encode: (text) => (text === '' ? [] : source.encode(text, { add_special_tokens: false }).ids),
    decode,
    textOf: (id) => added.get(id) ?? decode([id]),
    spellingOf: (id) => source.id_to_token(id),
    idOf: (token) => source.token_to_id(token),
    bytesOf(id) {
      if (special.has(id)) return new Uint8Array();
      if (!byteLevel) return undefined;
      const addedText = added.get(id);
      if (addedText !== undefined) return encoder.encode(addedText);
      return spellBytes(source.id_to_token(id) ?? '') ?? new Uint8Array();
    },
    textBytesOf: spell && ((id) => (added.has(id) ? undefined : spell(source.id_to_token(id) ?? ''))),
    isSpecial: (id) => special.has(id),
    render: (messages, { tools, templateArguments }) =>
      template.render({
        messages,
        add_generation_prompt: true,
        tools: tools ?? null,
        documents: null,
        ...namedTokens,
        ...templateArguments,
      }),
  };
}

/** What templates know by name, as transformers hands it to them (tokenization_utils_base.py, special_tokens_map). */
const tokenNames = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];
const NamedToken = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]);

function namedSpecialTokens(config: TokenizerFiles['config']): Record<string, string> {
  return Object.fromEntries(
    tokenNames.flatMap((name) => {
      const token = NamedToken.safeParse(config[name]);
      return token.success && token.data !== '' ? [[name, token.data]] : [];
    }),
  );
}

function isByteLevel(decoder: unknown): boolean {
  return typeof decoder === 'object' && decoder !== null && 'type' in decoder && decoder.type === 'ByteLevel';
}

import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { createContext, Script } from 'node:vm';
import { Template } from '@huggingface/jinja';
import type { Sampling } from '../../../core/language-model.ts';
import type { ModelFamily } from '../../families/family.ts';
import { familyByName } from '../../families/index.ts';
import { familyTokens } from '../folder/family-tokens.ts';
import { type ModelSource, modelFault } from '../folder/model-files.ts';
import { type ChatModel, foundFamily } from '../folder/model-folder.ts';
import { byteFallbackSpelling, byteLevelSpelling, type ModelTokenizer } from '../folder/tokenizer.ts';
import { type GgufFiles, ggufFiles, ggufId } from './gguf-files.ts';
import { type GgufHeader, type GgufValue, readGgufHeader } from './gguf-header.ts';

/** What a GGUF file says of its model, checked before anything is loaded. */
export type GgufModel = Omit<ChatModel, 'tokenizer' | 'tokens'> & {
  files: GgufFiles;
  /** Of one token's keys and values in 16 bits. */
  kvBytesPerToken: number;
  layers: number;
  vocabulary: GgufVocabulary;
  chatTemplate: string;
  /** That its chat template may take. */
  templateMs: number;
  /** Ids that the file names as ends. */
  ends: readonly number[];
};

type GgufVocabulary = {
  texts: readonly string[];
  /** llama.cpp's token types (`llama_token_type`) by id. */
  types: readonly number[];
  byteLevel: boolean;
  /** By the name that templates know them by: `bos_token`. */
  named: Readonly<Record<string, string>>;
};

const [controlType, userDefinedType, unusedType] = [3, 4, 5];
/** ms that a chat template may take: real ones take less than one. */
const mostTemplateMs = 2_000;

/**
 * Reads the header of a GGUF model: template, vocabulary, shape.
 * @throws ServiceError `model_unavailable` in one line that names the file
 */
export function readGgufModel(model: string | ModelSource): GgufModel {
  const source = typeof model === 'string' ? { id: ggufId(model), path: model } : model;
  const files = ggufFiles(source.path);
  const header = readHeader(files.first);
  for (const part of files.all.slice(1)) readHeader(part);
  const fault = (reason: string) => modelFault(files.first, reason);
  const text = (key: string) => asText(header.metadata.get(key));
  const architecture = text('general.architecture');
  if (architecture === undefined) throw fault('its metadata names no architecture');
  const number = (key: string) => asNumber(header.metadata.get(`${architecture}.${key}`));
  const chatTemplate = text('tokenizer.chat_template');
  if (chatTemplate === undefined) throw fault('it has no chat template; only chat models can be used');
  const vocabulary = vocabularyOf(header, fault);
  const ids = new Map(vocabulary.texts.map((token, id) => [token, id]));
  const traits = { modelType: architecture, id: source.id, chatTemplate };
  const family = source.family ? familyByName(source.family) : foundFamily(traits, { idOf: (token) => ids.get(token) });
  if (family === undefined) throw fault(`unknown family ${source.family}`);
  return {
    id: source.id,
    source,
    path: files.first,
    files,
    created: Math.floor(statSync(files.first).mtimeMs / 1000),
    family,
    contextLength: number('context_length') ?? 2048,
    vocabularySize: vocabulary.texts.length,
    computes: expectsValues(text('thinkfirst.compute'), family),
    sampling: samplingOf(header, family),
    kvBytesPerToken: kvBytes(header, architecture),
    layers: number('block_count') ?? 0,
    vocabulary,
    chatTemplate,
    templateMs: mostTemplateMs,
    ends: ['eos', 'eot', 'eom'].flatMap(
      (name) => asNumber(header.metadata.get(`tokenizer.ggml.${name}_token_id`)) ?? [],
    ),
  };
}

/** Converters leave out what `generation_config.json` says of computed values. Then the family decides, as it does for a server. */
function expectsValues(written: string | undefined, family: ModelFamily): boolean {
  return written === undefined ? family.expectsValues === true : written === 'calls';
}

function readHeader(file: string): GgufHeader {
  try {
    return readGgufHeader(file, (key) => !/^tokenizer\.ggml\.(merges|scores)$/.test(key));
  } catch (error) {
    throw modelFault(basename(file), `${file} is not a usable GGUF file: ${messageOf(error)}`, error);
  }
}

function vocabularyOf({ metadata }: GgufHeader, fault: (reason: string) => Error): GgufVocabulary {
  const kind = asText(metadata.get('tokenizer.ggml.model'));
  if (kind !== 'gpt2' && kind !== 'llama') throw fault(`its tokenizer (${kind}) is not supported, only gpt2 and llama`);
  const texts = asList(metadata.get('tokenizer.ggml.tokens')).map(String);
  const types = asList(metadata.get('tokenizer.ggml.token_type')).map(Number);
  if (texts.length === 0 || types.length !== texts.length) throw fault('its vocabulary is missing or incomplete');
  // llama.cpp would end the process.
  if (new Set(texts).size !== texts.length) throw fault('its vocabulary has a token twice');
  const names = { bos: 'bos', eos: 'eos', unknown: 'unk', seperator: 'sep', padding: 'pad', mask: 'mask' };
  const named = Object.entries(names).flatMap(([key, name]) => {
    const id = asNumber(metadata.get(`tokenizer.ggml.${key}_token_id`));
    const token = id === undefined ? undefined : texts[id];
    return token === undefined ? [] : [[`${name}_token`, token]];
  });
  return { texts, types, byteLevel: kind === 'gpt2', named: Object.fromEntries(named) };
}

/** What llama.cpp gives of a vocabulary that the file doesn't spell out. */
export type LlamaVocabulary = {
  /** Special tokens are read as such, and none is added. */
  tokenise(text: string): number[];
  isEnd(id: number): boolean;
};

/** @throws ServiceError `model_unavailable` where the family's tags are missing, or the template fails */
export function ggufChatModel(model: GgufModel, vocabulary: LlamaVocabulary): ChatModel {
  const tokenizer = tokenizerOf(model, vocabulary);
  const special = model.vocabulary.types.flatMap((type, id) => (type === controlType ? [id] : []));
  const endTokenIds = [...model.ends, ...special.filter((id) => vocabulary.isEnd(id))];
  const tokens = familyTokens({ name: model.path, family: model.family, tokenizer, endTokenIds });
  return { ...model, tokenizer, tokens };
}

/** A template that fails, or never ends, is found before the first question. */
function tokenizerOf(model: GgufModel, vocabulary: LlamaVocabulary): ModelTokenizer {
  try {
    const tokenizer = createGgufTokenizer(model, vocabulary);
    tokenizer.render([{ role: 'user', content: 'Hello' }], { tools: undefined, templateArguments: {} });
    return tokenizer;
  } catch (error) {
    throw modelFault(model.path, `its chat template fails: ${messageOf(error)}`, error);
  }
}

function createGgufTokenizer(model: GgufModel, { tokenise }: LlamaVocabulary): ModelTokenizer {
  const { texts, types, byteLevel, named } = model.vocabulary;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const spell = byteLevel ? byteLevelSpelling() : byteFallbackSpelling;
  const ids = new Map(texts.map((token, id) => [token, id]));
  const isSpecial = (id: number) => types[id] === controlType || types[id] === unusedType;
  const isAdded = (id: number) => isSpecial(id) || types[id] === userDefinedType;
  const special = texts.filter((_, id) => isSpecial(id));
  const bytesOf = (id: number): Uint8Array => {
    const token = texts[id];
    if (token === undefined || isSpecial(id)) return new Uint8Array();
    return isAdded(id) ? encoder.encode(token) : (spell(token) ?? new Uint8Array());
  };
  const decode = (all: readonly number[]) => decoder.decode(Buffer.concat(all.map(bytesOf)));
  const render = createRenderer(model);
  return {
    byteLevel: true,
    specialTexts: special,
    controlTexts: texts.filter(
      (token, id) => isSpecial(id) || (isAdded(id) && /\p{L}/u.test(token) && model.chatTemplate.includes(token)),
    ),
    encode: (text) => (text === '' ? [] : tokenise(text)),
    decode,
    textOf: (id) => (isAdded(id) ? (texts[id] ?? '') : decode([id])),
    spellingOf: (id) => texts[id],
    idOf: (token) => ids.get(token),
    bytesOf,
    textBytesOf: (id) => (isAdded(id) ? undefined : spell(texts[id] ?? '')),
    isSpecial,
    render: (messages, { tools, templateArguments }) =>
      render({
        messages,
        add_generation_prompt: true,
        tools: tools ?? null,
        documents: null,
        ...named,
        ...templateArguments,
      }),
  };
}

/** The file's template comes from anywhere: one that never ends is stopped. */
function createRenderer({ chatTemplate, templateMs }: GgufModel): (values: Record<string, unknown>) => string {
  const template = new Template(chatTemplate);
  const script = new Script('render()');
  return (values) => {
    const result: unknown = script.runInContext(createContext({ render: () => template.render(values) }), {
      timeout: templateMs,
    });
    return String(result);
  };
}

/** Keys and values in 16 bits, of all layers; heads may differ from layer to layer. */
function kvBytes({ metadata }: GgufHeader, architecture: string): number {
  const get = (key: string) => metadata.get(`${architecture}.${key}`);
  const layers = asNumber(get('block_count')) ?? 1;
  const heads = asNumber(get('attention.head_count')) ?? 1;
  const wide = (asNumber(get('embedding_length')) ?? 0) / heads;
  const each = (asNumber(get('attention.key_length')) ?? wide) + (asNumber(get('attention.value_length')) ?? wide);
  const listed = get('attention.head_count_kv');
  const perLayer = Array.isArray(listed) ? listed.map(Number) : undefined;
  const kvHeads = perLayer?.reduce((sum, count) => sum + count, 0) ?? layers * (asNumber(listed) ?? heads);
  return Math.max(1, Math.round(2 * kvHeads * each));
}

/** What the file advises (`general.sampling.*`), else the family's authors. */
function samplingOf({ metadata }: GgufHeader, family: ModelFamily): Sampling {
  const value = (key: string) => asNumber(metadata.get(`general.sampling.${key}`));
  const [temperature, topP, topK, minP] = [value('temp'), value('top_p'), value('top_k'), value('min_p')];
  if (!temperature) return family.sampling.thinking;
  return {
    temperature,
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(minP !== undefined && { minP }),
  };
}

function asText(value: GgufValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function asNumber(value: GgufValue | undefined): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

function asList(value: GgufValue | undefined): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}

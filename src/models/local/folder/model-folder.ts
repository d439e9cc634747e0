import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Sampling } from '../../../core/language-model.ts';
import type { ModelFamily, ModelTraits } from '../../families/family.ts';
import { familyByName, familyOf } from '../../families/index.ts';
import { plain } from '../../families/plain.ts';
import { type FamilyTokens, familyTokens } from './family-tokens.ts';
import { absolutePath, type ModelSource, modelFault, modelSource, onnxFile, weightNames } from './model-files.ts';
import { createModelTokenizer, type ModelTokenizer, type TokenizerFiles } from './tokenizer.ts';

/** A chat model, read but for its weights. */
export type ChatModel = {
  id: string;
  source: ModelSource;
  /** Where its files lie; of a GGUF model, its first file. */
  path: string;
  /** Epoch seconds of its configuration file. */
  created: number;
  family: ModelFamily;
  tokenizer: ModelTokenizer;
  tokens: FamilyTokens;
  /** Tokens. */
  contextLength: number;
  /** Width of a logits row. */
  vocabularySize: number;
  /** Its thoughts say what to compute, and expect the values to be inserted (`thinkfirst_compute` in generation_config.json; a GGUF file's family). */
  computes: boolean;
  /** How its makers want its tokens drawn: `generation_config.json`, else what the family's authors advise. */
  sampling: Sampling;
};

/** A chat model of transformers.js's layout. */
export type ModelFolder = ChatModel & {
  /** config.json; what a nested `text_config` says of the model of text stands beside the other fields. */
  config: Readonly<Record<string, unknown>>;
  /** The weights' file; undefined where the weights are not here. */
  onnx(): ReturnType<typeof onnxFile>;
};

/** Models that also see or hear have the fields of their model of text in an object of their own. */
const NestedConfig = z.looseObject({ text_config: z.looseObject({}).optional() });

const ModelConfig = z.looseObject({
  model_type: z.string(),
  vocab_size: z.int().positive(),
  max_position_embeddings: z.int().positive().default(2048),
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
  'transformers.js_config': z.looseObject({}).optional(),
});

const GenerationSettings = z.looseObject({
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
  do_sample: z.boolean().nullish(),
  temperature: z.number().nonnegative().nullish(),
  top_p: z.number().nullish(),
  top_k: z.number().nullish(),
  min_p: z.number().nullish(),
  repetition_penalty: z.number().nullish(),
  thinkfirst_compute: z.string().nullish(),
});

/**
 * Reads tokenizer, chat template, configuration and the choice of the weights' file; no weights. Some 150 ms.
 * @throws ServiceError `model_unavailable` with one line that names the model and what is missing or broken
 */
export async function loadModelFolder(model: string | ModelSource): Promise<ModelFolder> {
  const source = typeof model === 'string' ? modelSource(model) : { ...model, path: absolutePath(model.path) };
  const named = typeof model === 'string' ? model : source.path;
  const { path } = source;
  const files = readFolder(named, source);
  const config = await read(named, 'config.json', async () => {
    const { text_config: text, ...rest } = NestedConfig.parse(await files.config());
    return ModelConfig.parse({ ...text, ...rest });
  });
  const raw = await read(named, 'tokenizer.json', files.tokenizer);
  const chatTemplate = await readChatTemplate(named, path, raw.config['chat_template']);
  const tokenizer = await read(named, 'tokenizer.json', async () => createModelTokenizer(raw, chatTemplate));
  const family = source.family
    ? familyByName(source.family)
    : foundFamily({ modelType: config.model_type, id: source.id, chatTemplate }, tokenizer);
  if (!family) throw modelFault(named, `unknown family ${source.family}`);
  const settings = await readGenerationSettings(named, path);
  const eos = [config.eos_token_id, settings.eos_token_id].flat().filter((id) => typeof id === 'number');
  return {
    id: source.id,
    source,
    path,
    created: Math.floor(statSync(join(path, 'config.json')).mtimeMs / 1000),
    family,
    tokenizer,
    tokens: familyTokens({ name: named, family, tokenizer, endTokenIds: eos }),
    contextLength: config.max_position_embeddings,
    vocabularySize: config.vocab_size,
    computes: settings.thinkfirst_compute === 'calls',
    sampling: ownSampling(settings, family),
    config,
    onnx: () => onnxFile(path, config['transformers.js_config']?.['dtype']),
  };
}

/**
 * A template may have tags that its tokenizer has no tokens for: told apart by words alone, such a model thinks by prompt.
 * One without thoughts may know tools all the same: then its template says how a call is written.
 */
export function foundFamily(traits: ModelTraits, tokenizer: Pick<ModelTokenizer, 'idOf'>): ModelFamily {
  const hasTokens = (pair: { open: string; close: string }) =>
    [pair.open, pair.close].every((tag) => tokenizer.idOf(tag) !== undefined);
  const family = familyOf(traits);
  if (family.serverOnly) return family;
  const found = family.tags === undefined || hasTokens(family.tags) ? family : plain;
  const writesCalls =
    found.toolCallTags === undefined && jsonCalls.test(traits.chatTemplate) && hasTokens(toolCallTags);
  return writesCalls ? { ...found, toolCallTags } : found;
}

/** As Qwen2.5, Hermes and many after them: `<tool_call>{"name": …, "arguments": …}</tool_call>`. */
const toolCallTags = { open: '<tool_call>', close: '</tool_call>' };
const jsonCalls = /<tool_call>[^<]*"name\W[\s\S]*?"arguments\W[\s\S]*?<\/tool_call>/;

/**
 * The tokenizer's two files and the chat template, as `loadModelFolder` reads them: to count tokens elsewhere.
 * @throws ServiceError `model_unavailable`
 */
export async function readTokenizerFiles(
  source: ModelSource,
): Promise<{ files: TokenizerFiles; chatTemplate: string }> {
  const path = absolutePath(source.path);
  const { tokenizer } = readFolder(source.path, { ...source, path });
  const files = await read(source.path, 'tokenizer.json', tokenizer);
  return { files, chatTemplate: await readChatTemplate(source.path, path, files.config['chat_template']) };
}

const AnyObject = z.looseObject({});

function readFolder(
  named: string,
  { path, weights = true }: ModelSource,
): { config(): Promise<unknown>; tokenizer(): Promise<TokenizerFiles> } {
  if (!existsSync(path)) throw modelFault(named, `there is no folder ${path}`);
  for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    if (!existsSync(join(path, file))) throw modelFault(named, `${join(path, file)} is missing`);
  }
  if (weights && onnxFile(path) === undefined) {
    throw modelFault(named, `there is no onnx/model*.onnx in ${path}; supported names: ${weightNames}`);
  }
  const json = async (file: string) => AnyObject.parse(JSON.parse((await readFile(join(path, file))).toString()));
  return {
    config: () => json('config.json'),
    tokenizer: async () => ({
      tokenizer: await json('tokenizer.json'),
      config: await read(named, 'tokenizer_config.json', () => json('tokenizer_config.json')),
    }),
  };
}

async function read<T>(named: string, file: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : String(error);
    throw modelFault(named, `${file} can't be read (${detail})`, error);
  }
}

/** From tokenizer_config.json, or the file of its own that newer exports have. */
async function readChatTemplate(named: string, path: string, configured: unknown): Promise<string> {
  if (typeof configured === 'string') return configured;
  const byName = z.object({ default: z.string() }).safeParse(configured);
  if (byName.success) return byName.data.default;
  const file = join(path, 'chat_template.jinja');
  if (existsSync(file)) return readFile(file, 'utf8');
  throw modelFault(named, 'it has no chat template; only chat models can be used');
}

async function readGenerationSettings(named: string, path: string): Promise<z.infer<typeof GenerationSettings>> {
  const file = join(path, 'generation_config.json');
  if (!existsSync(file)) return {};
  return read(named, 'generation_config.json', async () =>
    GenerationSettings.parse(JSON.parse(await readFile(file, 'utf8'))),
  );
}

/** What `generation_config.json` says of drawing tokens, if it says so. */
function ownSampling(settings: z.infer<typeof GenerationSettings>, family: ModelFamily): Sampling {
  const { do_sample, temperature, top_p: topP, top_k: topK, min_p: minP, repetition_penalty: penalty } = settings;
  if (do_sample === false || !temperature) return family.sampling.thinking;
  return {
    temperature,
    ...(typeof topP === 'number' && { topP }),
    ...(typeof topK === 'number' && { topK }),
    ...(typeof minP === 'number' && { minP }),
    ...(typeof penalty === 'number' && { repetitionPenalty: penalty }),
  };
}

import { existsSync } from 'node:fs';
import { z } from 'zod';
import { ServiceError } from '../contracts/service-error.ts';
import { families, familyByName } from './families/index.ts';
import { type DialectName, dialectNames } from './openai/dialect.ts';

/** A folder on this machine with `config.json`, `tokenizer.json` and `onnx/`. The id is the folder's name unless it is given. */
export type FolderModel = { kind: 'folder'; id: string; path: string; family?: string };

/** A repository of the hub, `organisation/name`; fetched on first use. */
export type HubModel = { kind: 'hub'; id: string; name: string; family?: string };

/** A model behind an OpenAI-compatible server. `url` ends without a slash, usually in `/v1`. */
export type UpstreamModel = {
  kind: 'upstream';
  id: string;
  url: string;
  /** The key itself, read from the variable that the entry names. Never printed. */
  apiKey?: string;
  /** The name that the server knows the model by. */
  model: string;
  family: string;
  dialect: DialectName;
  /** Tokens of prompt, thoughts and answer together. */
  contextLength: number;
  /** The chat template opens the thought and the server leaves it in the content: the text starts within it, without its tag. */
  thoughtOpenedByTemplate: boolean;
  /** Requests that run at the server at the same time; more wait here. */
  maxParallel: number;
  /** What the model takes beside text, and is passed on to it. Default: nothing. */
  inputs?: ReadonlyArray<'image' | 'file'>;
};

export type ModelConfig = FolderModel | HubModel | UpstreamModel;

/** What an upstream's context is taken for where its entry doesn't say. */
const defaultContextLength = 8192;

const Id = z
  .string('a name that requests will choose it by')
  .regex(/^[A-Za-z0-9][\w./-]{0,127}$/, 'letters, digits, ".", "_", "-" and "/" (a ":" would name an effort)');
const familyNames = families.map(({ name }) => name).join(', ');
const Family = z
  .string(`how the model writes its thoughts: ${familyNames}`)
  .refine((name) => familyByName(name) !== undefined, `no such family; there are ${familyNames}`);

const FolderEntry = z.strictObject({ id: Id.optional(), folder: z.string().min(1), family: Family.optional() });
const HubEntry = z.strictObject({
  id: Id.optional(),
  hub: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'a hub name is organisation/name'),
  family: Family.optional(),
});
const UpstreamEntry = z.strictObject({
  id: Id,
  url: z
    .url({ protocol: /^https?$/, error: 'an http or https URL' })
    .regex(/^(?!.*\/(chat\/)?completions\/?$)/, 'the address before /chat/completions, mostly one that ends in /v1'),
  apiKeyVariable: z
    .string()
    .regex(/^[A-Za-z_]\w*$/, 'the name of an environment variable, not the key itself')
    .optional(),
  model: z.string('the name that the server knows the model by').min(1),
  family: Family,
  dialect: z.enum(dialectNames).default('plain'),
  contextLength: z.int().positive().default(defaultContextLength),
  thoughtOpenedByTemplate: z.boolean().default(false),
  maxParallel: z.int().positive().default(16),
  inputs: z.array(z.enum(['image', 'file'])).exactOptional(),
});

/** One entry of `models`, as a person writes it: a text is a folder (`./…`, `/…`, `~/…`) or a hub name (`hub:…`, `organisation/name`). */
export const ModelEntry = z.union([z.string().min(1), FolderEntry, HubEntry, UpstreamEntry]);
export type ModelEntry = z.input<typeof ModelEntry>;

/** `thinkfirst.config.json`, as far as models go; the first model is the default. */
export const ModelsConfig = z.looseObject({ models: z.array(z.unknown()).min(1, 'name at least one model') });

/** Looks up an environment variable; the entry hands in its own. */
export type EnvironmentLookup = (name: string) => string | undefined;

/**
 * The models of a parsed `thinkfirst.config.json`, in its order.
 * @throws ServiceError `invalid_value`, one line that names the entry and what was expected
 */
export function parseModelsConfig(config: unknown, environment: EnvironmentLookup): ModelConfig[] {
  const parsed = ModelsConfig.safeParse(config);
  if (!parsed.success) throw invalid('models', `models: ${firstIssue(parsed.error)}`);
  return parseModelEntries(parsed.data.models, environment);
}

/**
 * The models of `THINKFIRST_MODELS`: a JSON list of entries, or folders, hub names and ids of `known` models with commas between.
 * @throws ServiceError `invalid_value`, one line
 */
export function parseModelsVariable(
  text: string,
  environment: EnvironmentLookup,
  known: (id: string) => ModelConfig | undefined = () => undefined,
): ModelConfig[] {
  const trimmed = text.trim();
  if (!trimmed.startsWith('[') && !trimmed.startsWith('{')) {
    const names = trimmed.split(',').map((name) => name.trim());
    return inOrder(
      names.filter((name) => name !== ''),
      (name, where) => (isFolder(name) ? undefined : known(name)) ?? parseText(name, where),
    );
  }
  let entries: unknown;
  try {
    entries = JSON.parse(trimmed);
  } catch (error) {
    throw invalid('THINKFIRST_MODELS', 'THINKFIRST_MODELS is not valid JSON', error);
  }
  return parseModelEntries(Array.isArray(entries) ? entries : [entries], environment);
}

/** Entries in order, the first is the default. @throws ServiceError `invalid_value`, also for two models of one id */
export function parseModelEntries(entries: readonly unknown[], environment: EnvironmentLookup): ModelConfig[] {
  return inOrder(entries, (entry, where) => parseEntry(entry, where, environment));
}

function inOrder<Entry>(entries: readonly Entry[], read: (entry: Entry, where: string) => ModelConfig): ModelConfig[] {
  if (entries.length === 0) throw invalid('models', 'models: name at least one model');
  const models = entries.map((entry, index) => read(entry, `models[${index}]`));
  const seen = new Set<string>();
  for (const [index, { id }] of models.entries()) {
    if (seen.has(id)) throw invalid(`models[${index}].id`, `models[${index}].id: there are two models named ${id}`);
    seen.add(id);
  }
  return models;
}

function parseEntry(entry: unknown, where: string, environment: EnvironmentLookup): ModelConfig {
  if (typeof entry === 'string') return parseText(entry, where);
  if (typeof entry !== 'object' || entry === null) throw invalid(where, `${where}: a text or an object was expected`);
  if ('folder' in entry) {
    const { id, folder, family } = parse(FolderEntry, entry, where);
    return { kind: 'folder', id: id ?? lastPart(folder), path: folder, ...(family && { family }) };
  }
  if ('hub' in entry) {
    const { id, hub, family } = parse(HubEntry, entry, where);
    return { kind: 'hub', id: id ?? lastPart(hub), name: hub, ...(family && { family }) };
  }
  if (!('url' in entry)) throw invalid(where, `${where}: one of "folder", "hub" or "url" was expected`);
  const { apiKeyVariable, url, ...upstream } = parse(UpstreamEntry, entry, where);
  if (new URL(url).username !== '' || new URL(url).password !== '') {
    throw invalid(
      `${where}.url`,
      `${where}.url: put the key into a variable and name it in apiKeyVariable, not into the URL`,
    );
  }
  const apiKey = apiKeyVariable === undefined ? undefined : environment(apiKeyVariable)?.trim();
  if (apiKeyVariable !== undefined && !apiKey) {
    throw invalid(`${where}.apiKeyVariable`, `${where}.apiKeyVariable: the variable ${apiKeyVariable} is not set`);
  }
  return { kind: 'upstream', ...upstream, url: url.replace(/\/+$/, ''), ...(apiKey && { apiKey }) };
}

/** `models/x` could be a hub name as well: a folder that is there is meant. */
function isFolder(text: string): boolean {
  return /^(\.{1,2}|~)?[/\\]|^\.{1,2}$|^[A-Za-z]:[/\\]/.test(text) || existsSync(text);
}

function parseText(text: string, where: string): FolderModel | HubModel {
  if (isFolder(text)) return { kind: 'folder', id: lastPart(text), path: text };
  const name = text.replace(/^(hub|hf):/, '');
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) {
    throw invalid(where, `${where}: "${text}" is neither a folder (./name) nor a hub name (hub:organisation/name)`);
  }
  return { kind: 'hub', id: lastPart(name), name };
}

function parse<Shape extends z.ZodType>(shape: Shape, entry: unknown, where: string): z.output<Shape> {
  const parsed = shape.safeParse(entry);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  const field = path === '' ? where : `${where}.${path}`;
  throw invalid(field, `${field}: ${firstIssue(parsed.error)}`);
}

const firstIssue = (error: z.ZodError): string => (error.issues[0]?.message ?? 'not valid').replaceAll(/\s+/g, ' ');

const lastPart = (path: string): string => path.split(/[/\\]/).findLast((part) => part !== '') ?? path;

const invalid = (param: string, message: string, cause?: unknown): ServiceError =>
  new ServiceError({ code: 'invalid_value', param, message, cause });

import { existsSync } from 'node:fs';
import { z } from 'zod';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { families, familyByName } from '../families/index.ts';
import { ggufId, isGguf } from '../local/gguf/gguf-files.ts';
import { type DialectName, dialectNames } from '../servers/client/dialect.ts';

/** The file of an entry's effort table as it is written there, and the field that names it, as a fault begins. */
export type TableFile = { path: string; field: string };

/**
 * A folder on this machine with `config.json`, `tokenizer.json` and `onnx/`, or a GGUF model: a file, a folder of its parts, or
 * `ollama:NAME`. The id is its name unless it is given.
 */
export type FolderModel = { kind: 'folder'; id: string; path: string; family?: string; effortTable?: TableFile };

/** A repository of the hub, `organisation/name`; fetched on first use. */
type HubModel = { kind: 'hub'; id: string; name: string; family?: string; effortTable?: TableFile };

/** A model behind an OpenAI-compatible server. `url` ends without a slash, usually in `/v1`. */
export type UpstreamModel = {
  kind: 'upstream';
  id: string;
  url: string;
  /** The key itself, read from the variable that the entry names. Never printed. */
  apiKey?: string;
  apiKeyVariable?: string;
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
  effortTable?: TableFile;
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
  .refine((name) => familyByName(name) !== undefined, `unknown family; expected one of ${familyNames}`);

const tableExpected = 'the path of a file that `thinkfirst calibrate` wrote';
const TablePath = z.string(tableExpected).min(1, tableExpected).optional();

const FolderEntry = z.strictObject({
  id: Id.optional(),
  folder: z.string().min(1),
  family: Family.optional(),
  effortTable: TablePath,
});
const HubEntry = z.strictObject({
  id: Id.optional(),
  hub: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'a hub name is organisation/name'),
  family: Family.optional(),
  effortTable: TablePath,
});
/** Of an OpenAI-compatible server. */
export const UpstreamUrl = z
  .url({ protocol: /^https?$/, error: 'an http or https URL' })
  .regex(/^(?!.*\/(chat\/)?completions\/?$)/, 'the address before /chat/completions, mostly one that ends in /v1');

const UpstreamEntry = z.strictObject({
  id: Id,
  url: UpstreamUrl,
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
  effortTable: TablePath,
});

/** The file in the working folder. */
export const configFile = 'thinkfirst.config.json';

const modelsExpected = 'expected a list of models, such as {"models": ["./my-model"]}';
/** `thinkfirst.config.json`, as far as models go; the first model is the default. */
export const ModelsConfig = z.looseObject(
  { models: z.array(z.unknown(), modelsExpected).min(1, 'name at least one model') },
  modelsExpected,
);

/** Looks up an environment variable; the entry hands in its own. */
export type EnvironmentLookup = (name: string) => string | undefined;

/** Where entries are written, as a fault names it: the list, and one of them. */
type Place = { list: string; entry(index: number): string };

const anyList: Place = { list: 'models', entry: (index) => `models[${index}]` };
const listOfFile: Place = { list: `${configFile}: models`, entry: (index) => `${configFile}: models[${index}]` };

/**
 * The models of a parsed `thinkfirst.config.json`, in its order.
 * @throws ServiceError `invalid_value`, one line that names the file, the entry and what was expected
 */
export function parseModelsConfig(config: unknown, environment: EnvironmentLookup): ModelConfig[] {
  return parseModelEntries(listedModels(config), environment, listOfFile);
}

/** The entries of a parsed `thinkfirst.config.json`, unread. @throws ServiceError `invalid_value` where there are none */
function listedModels(config: unknown): unknown[] {
  const parsed = ModelsConfig.safeParse(config);
  if (parsed.success) return parsed.data.models;
  const keys = typeof config === 'object' && config !== null && !Array.isArray(config) ? Object.keys(config) : [];
  const meant = keys.includes('models') ? undefined : nearestName('models', keys);
  const misspelt = meant === undefined ? '' : `; "${meant}" is not known. Did you mean "models"?`;
  const place = parsed.error.issues[0]?.path.length === 0 ? configFile : listOfFile.list;
  throw invalid('models', `${place}: ${firstIssue(parsed.error)}${misspelt}`);
}

/** Models that are known by their id; read only as far as is needed. */
type KnownModels = () => Iterable<ModelConfig>;

/**
 * The models of `THINKFIRST_MODELS`: a JSON list of entries, or folders, hub names and ids of `known` models with commas between.
 * `name`: what was given, where that is an option.
 * @throws ServiceError `invalid_value`, one line
 */
export function parseModelsVariable(
  text: string,
  environment: EnvironmentLookup,
  { known = () => [], name = 'THINKFIRST_MODELS' }: { known?: KnownModels; name?: string } = {},
): ModelConfig[] {
  const trimmed = text.trim();
  if (!trimmed.startsWith('[') && !trimmed.startsWith('{')) {
    const names = trimmed.split(',').map((one) => one.trim());
    return inOrder(
      names.filter((one) => one !== ''),
      { list: name, entry: () => name },
      (one, where) => parseModelName(one, { known, where }),
    );
  }
  let entries: unknown;
  try {
    entries = JSON.parse(trimmed);
  } catch (error) {
    throw invalid(name, `${name} is not valid JSON`, error);
  }
  return Array.isArray(entries)
    ? parseModelEntries(entries, environment, { list: name, entry: (index) => `${name}[${index}]` })
    : [parseModelEntry(entries, environment, name)];
}

/** One model by the id of a known one, its folder or its hub name. @throws ServiceError `invalid_value` that begins with `where` */
export function parseModelName(
  text: string,
  { known, where = '' }: { known: KnownModels; where?: string },
): ModelConfig {
  if (isFolder(text)) return parseText(text, where);
  for (const model of known()) if (model.id === text) return model;
  return parseText(text, where, known);
}

/** Entries in order, the first is the default. @throws ServiceError `invalid_value`, also for two models of one id */
export function parseModelEntries(
  entries: readonly unknown[],
  environment: EnvironmentLookup,
  place = anyList,
): ModelConfig[] {
  return inOrder(entries, place, (entry, where) => parseModelEntry(entry, environment, where));
}

function inOrder<Entry>(
  entries: readonly Entry[],
  { list, entry: place }: Place,
  read: (entry: Entry, where: string) => ModelConfig,
): ModelConfig[] {
  if (entries.length === 0) throw invalid(list, `${list}: name at least one model`);
  const models = entries.map((entry, index) => read(entry, place(index)));
  const seen = new Set<string>();
  for (const [index, { id }] of models.entries()) {
    const field = fieldOf(place(index), 'id');
    if (seen.has(id)) throw invalid(field, `${field}: there are two models named ${id}`);
    seen.add(id);
  }
  return models;
}

/** @throws ServiceError `invalid_value` that begins with `where`, and whose `param` is the field */
export function parseModelEntry(entry: unknown, environment: EnvironmentLookup, where = ''): ModelConfig {
  if (typeof entry === 'string') return parseText(entry, where);
  if (typeof entry !== 'object' || entry === null) throw fault(where, 'expected a string or an object');
  if ('folder' in entry) {
    const { id, folder, family, effortTable } = parse(FolderEntry, entry, where);
    const about = { ...(family && { family }), ...tableOf(effortTable, where) };
    return { kind: 'folder', id: id ?? folderId(folder), path: folder, ...about };
  }
  if ('hub' in entry) {
    const { id, hub, family, effortTable } = parse(HubEntry, entry, where);
    return {
      kind: 'hub',
      id: id ?? lastPart(hub),
      name: hub,
      ...(family && { family }),
      ...tableOf(effortTable, where),
    };
  }
  if (!('url' in entry)) throw fault(where, `expected one of "folder", "hub" or "url"${misspeltKind(entry)}`);
  const { apiKeyVariable, url, effortTable, ...upstream } = parse(UpstreamEntry, entry, where);
  if (new URL(url).username !== '' || new URL(url).password !== '') {
    throw fault(fieldOf(where, 'url'), 'put the key into a variable and name it in apiKeyVariable, not into the URL');
  }
  const apiKey = apiKeyVariable === undefined ? undefined : environment(apiKeyVariable)?.trim();
  if (apiKeyVariable !== undefined && !apiKey) {
    throw fault(fieldOf(where, 'apiKeyVariable'), `the variable ${apiKeyVariable} is not set`);
  }
  const about = { ...(apiKey && apiKeyVariable && { apiKey, apiKeyVariable }), ...tableOf(effortTable, where) };
  return { kind: 'upstream', ...upstream, url: url.replace(/\/+$/, ''), ...about };
}

function tableOf(path: string | undefined, where: string): { effortTable?: TableFile } {
  return path === undefined ? {} : { effortTable: { path, field: fieldOf(where, 'effortTable') } };
}

function misspeltKind(entry: object): string {
  for (const key of Object.keys(entry)) {
    const meant = nearestName(key, ['folder', 'hub', 'url']);
    if (meant !== undefined) return `; ${unknownName(key, meant)}`;
  }
  return '';
}

/** `models/x` could be a hub name as well: a folder that is there is meant. */
function isFolder(text: string): boolean {
  if (/^ollama:|\.gguf$/i.test(text)) return true;
  return /^(\.{1,2}|~)?[/\\]|^\.{1,2}$|^[A-Za-z]:[/\\]/.test(text) || existsSync(text);
}

function parseText(text: string, where: string, known?: KnownModels): FolderModel | HubModel {
  if (isFolder(text)) return { kind: 'folder', id: folderId(text), path: text };
  const name = text.replace(/^(hub|hf):/, '');
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) {
    const neither = `"${text}" is neither a folder (./name) nor a hub name (hub:organisation/name)`;
    throw fault(where, `${neither}${noneOf(text, known)}`);
  }
  return { kind: 'hub', id: lastPart(name), name };
}

/** Without what makes a path of it: `qwen3-0.6b` of `ollama:qwen3:0.6b`, and of a file without its ending. */
function folderId(path: string): string {
  return lastPart(isGguf(path) ? ggufId(path) : path);
}

function noneOf(text: string, known: KnownModels = () => []): string {
  const ids = [...new Set([...known()].map(({ id }) => id))];
  if (ids.length === 0) return '';
  const meant = nearestName(text, ids);
  const question = meant === undefined ? '' : `. Did you mean ${meant}?`;
  return `, nor a known id: ${ids.join(', ')}${question}`;
}

function parse<Shape extends z.ZodObject>(shape: Shape, entry: object, where: string): z.output<Shape> {
  const parsed = shape.safeParse(entry);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const given = Object.entries(entry).flatMap(([field, value]) => (value === undefined ? [] : [field]));
  // A misspelt field is missing as well; its name is what is wrong.
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys')?.keys[0];
  if (unknown !== undefined) {
    const fields = Object.keys(shape.shape);
    const missing = fields.filter((field) => !given.includes(field));
    const meant = nearestName(unknown, missing);
    if (meant === undefined)
      throw fault(where, `"${unknown}" is not a known field; expected one of ${fields.join(', ')}`);
    const expected = issues.find(({ path }) => path[0] === meant)?.message;
    throw fault(where, unknownName(unknown, meant, expected));
  }
  const path = issues[0]?.path ?? [];
  const field = fieldOf(where, path.join('.'));
  const isMissing = path.length === 1 && !given.includes(String(path[0]));
  if (isMissing) throw invalid(field, `${field} is missing: ${firstIssue(parsed.error)}`);
  throw fault(field, firstIssue(parsed.error));
}

const unknownName = (written: string, meant: string, expected?: string): string =>
  `"${written}" is not known. Did you mean "${meant}"${expected === undefined ? '' : ` (${expected})`}?`;

const fieldOf = (where: string, field: string): string =>
  where === '' || field === '' ? where + field : `${where}.${field}`;

const firstIssue = (error: z.ZodError): string => (error.issues[0]?.message ?? 'not valid').replaceAll(/\s+/g, ' ');

const lastPart = (path: string): string => path.split(/[/\\]/).findLast((part) => part !== '') ?? path;

const fault = (field: string, message: string): ServiceError =>
  invalid(field, field === '' ? message : `${field}: ${message}`);

const invalid = (param: string, message: string, cause?: unknown): ServiceError =>
  new ServiceError({ code: 'invalid_value', param, message, cause });

import { existsSync } from 'node:fs';
import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { ModelConfigurationStore } from '../../api/dependencies.ts';
import type {
  CheckedModel,
  ModelConfiguration,
  ModelsChange,
  NewModel,
} from '../../contracts/service/model-configuration.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { localCatalogEntry } from '../../models/config/catalog.ts';
import { completeUpstream } from '../../models/config/complete-upstream.ts';
import {
  type ModelConfig,
  ModelsConfig,
  configFile as name,
  parseModelEntry,
  parseModelsConfig,
} from '../../models/config/model-config.ts';
import { families } from '../../models/families/index.ts';
import { localCapabilities } from '../../models/local/local-model.ts';
import { dialectNames } from '../../models/servers/client/dialect.ts';
import { embeddedModel, namesOnlyServers } from './configured-models.ts';

/** `thinkfirst.config.json` of the working folder, as `configuredModels` reads it at a start. */
export function createModelConfiguration(options: {
  /** The working folder: where `thinkfirst.config.json` is looked for. */
  folder: string;
  variables: Readonly<Record<string, string | undefined>>;
  fetch?: typeof fetch;
}): ModelConfigurationStore & {
  /** Names an effort table in a model's entry. @returns false where the file is not what names the models, or has none of this id */
  nameEffortTable(id: string, path: string): Promise<boolean>;
} {
  const { folder, variables } = options;
  const file = resolve(folder, name);
  const ask = options.fetch ?? fetch;
  let writing: Promise<unknown> = Promise.resolve();
  // A key that is set before the next start is early enough.
  const lookUp = (variable: string) => variables[variable] || 'not set yet';

  return {
    read: async () => (await state()).configuration,
    check: async (model) => {
      const { configuration } = await state();
      return { ...(await checked(model, configuration)), written: false, configuration };
    },
    add: (model) => inTurn(() => added(model)),
    nameEffortTable: (id, path) => inTurn(() => tableNamed(id, path)),
  };

  /** One after the other: each write holds what the one before has added. */
  function inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const done = writing.then(act);
    writing = done.catch(() => undefined);
    return done;
  }

  async function added(model: NewModel): Promise<ModelsChange> {
    const { configuration, whole } = await state();
    if (configuration.source === 'variable') {
      throw new ServiceError({
        code: 'conflict',
        message: `THINKFIRST_MODELS names the models, so ${name} isn't read. Add the entry there, or unset it.`,
        retryable: false,
      });
    }
    const { checked: facts, entry } = await checked(model, configuration);
    const entries = [...configuration.entries, entry];
    await write({ ...whole, models: entries });
    return {
      object: 'model_configuration.change',
      checked: facts,
      entry,
      written: true,
      configuration: { ...configuration, source: 'file', entries },
    };
  }

  async function tableNamed(id: string, path: string): Promise<boolean> {
    const { configuration, whole } = await state();
    if (configuration.source !== 'file') return false;
    const ids = parseModelsConfig({ models: configuration.entries }, lookUp).map((config) => config.id);
    if (!ids.includes(id)) return false;
    const named = (entry: unknown) => ({ ...asObject(entry), effortTable: path });
    await write({
      ...whole,
      models: configuration.entries.map((entry, index) => (ids[index] === id ? named(entry) : entry)),
    });
    return true;
  }

  /** Whole or not at all: a start in between must not meet half a file. Who may read it, still may. */
  async function write(content: Record<string, unknown>): Promise<void> {
    const mode = existsSync(file) ? (await stat(file)).mode & 0o777 : 0o600;
    await writeFile(`${file}.new`, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
    // Whatever the umask is.
    await chmod(`${file}.new`, mode);
    await rename(`${file}.new`, file);
  }

  async function state(): Promise<{ configuration: ModelConfiguration; whole: Record<string, unknown> }> {
    const about = {
      object: 'model_configuration' as const,
      file: name,
      families: families.map((family) => family.name),
      dialects: [...dialectNames],
    };
    const named = variables['THINKFIRST_MODELS'];
    if (named !== undefined && named !== '') {
      return { configuration: { ...about, source: 'variable', entries: [named] }, whole: {} };
    }
    const content = existsSync(file) ? await readJson(file) : undefined;
    if (content === undefined || namesOnlyServers(content)) {
      const inside = relative(folder, embeddedModel.path);
      const path = inside.startsWith('..') ? embeddedModel.path : `./${inside}`;
      return { configuration: { ...about, source: 'embedded', entries: [path] }, whole: { ...Object(content) } };
    }
    const parsed = ModelsConfig.safeParse(content);
    if (!parsed.success) {
      throw new ServiceError({
        code: 'conflict',
        message: `${name} contains no models; correct it by hand.`,
        retryable: false,
      });
    }
    return { configuration: { ...about, source: 'file', entries: parsed.data.models }, whole: parsed.data };
  }

  async function checked(
    model: NewModel,
    { source, entries }: ModelConfiguration,
  ): Promise<Pick<ModelsChange, 'object' | 'checked' | 'entry'>> {
    const { model: whole, notices: told } =
      model.kind === 'upstream'
        ? await completeUpstream(model, { fetch: ask, invalid: ofModel })
        : { model, notices: [] };
    const { kind, ...fields } = whole;
    const entry = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const unset = model.kind === 'upstream' && model.apiKeyVariable !== undefined && !variables[model.apiKeyVariable];
    const config = parsedAs(model, () => parseModelEntry(entry, lookUp));
    // Beside what a variable names, nothing is written.
    const beside = source === 'variable' || entries.length === 0 ? [] : parseModelsConfig({ models: entries }, lookUp);
    if (beside.some(({ id }) => id === config.id)) {
      throw invalid('model.id', `a model ${config.id} already exists; give this one another id`);
    }
    const facts = await factsOf(config);
    const notices = unset ? [`Set ${model.apiKeyVariable} before the next start; it must contain the key.`] : [];
    return {
      object: 'model_configuration.change',
      checked: { ...facts, id: config.id, kind, notices: [...notices, ...told, ...facts.notices] },
      entry,
    };
  }

  async function factsOf(config: ModelConfig): Promise<Pick<CheckedModel, 'family' | 'context_length' | 'notices'>> {
    switch (config.kind) {
      case 'folder': {
        try {
          const { card } = await localCatalogEntry(config, localCapabilities);
          return { family: card.family, context_length: card.context_length, notices: [] };
        } catch (error) {
          if (error instanceof ServiceError) throw invalid('model.folder', error.message);
          throw error;
        }
      }
      case 'hub':
        return {
          family: config.family ?? null,
          context_length: null,
          notices: ['The next start downloads it from the hub and takes longer.'],
        };
      case 'upstream':
        return { family: config.family, context_length: config.contextLength, notices: [] };
      default:
        return config satisfies never;
    }
  }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw new ServiceError({
      code: 'conflict',
      message: `${name} is not valid JSON; correct it by hand.`,
      retryable: false,
    });
  }
}

/** An entry that is a text, with fields. */
function asObject(entry: unknown): object {
  if (typeof entry !== 'string') return Object(entry);
  const config = parseModelEntry(entry, () => undefined);
  return config.kind === 'hub' ? { hub: config.name } : { folder: entry };
}

/** The entry's own words for what is wrong, with the field as the body names it. */
function parsedAs<T>(model: NewModel, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const field = error.param || (model.kind === 'upstream' ? 'url' : model.kind);
    throw invalid(`model.${field}`, error.message.replace(`${field}: `, ''));
  }
}

const ofModel = (field: string, message: string): ServiceError => invalid(`model.${field}`, message);

function invalid(param: string, message: string): ServiceError {
  return new ServiceError({
    code: 'invalid_value',
    param,
    message: `Invalid '${param}': ${message.replace(/\.$/, '')}.`,
  });
}

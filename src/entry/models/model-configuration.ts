import { existsSync } from 'node:fs';
import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { ModelConfigurationStore } from '../../api/dependencies.ts';
import type { ModelConfiguration, ModelsChange, NewModel } from '../../contracts/service/model-configuration.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import {
  ModelsConfig,
  configFile as name,
  parseModelEntry,
  parseModelsConfig,
} from '../../models/config/model-config.ts';
import { families } from '../../models/families/index.ts';
import { dialectNames } from '../../models/servers/client/dialect.ts';
import { checkModel, type ModelCheck } from './check-model.ts';
import { embeddedModel, namesOnlyServers } from './configured-models.ts';
import { findModels } from './find-models.ts';

/** `thinkfirst.config.json` of the working folder, as `configuredModels` reads it at a start. */
export function createModelConfiguration(options: {
  /** The working folder: where `thinkfirst.config.json` is looked for. */
  folder: string;
  variables: Readonly<Record<string, string | undefined>>;
  fetch?: typeof fetch;
}): Omit<ModelConfigurationStore, 'remove'> & {
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
    find: () => findModels({ variables, fetch: ask }),
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
      added: [],
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

  async function checked(model: NewModel, { source, entries }: ModelConfiguration): Promise<ModelCheck> {
    // Beside what a variable names, nothing is written.
    const beside = source === 'variable' || entries.length === 0 ? [] : parseModelsConfig({ models: entries }, lookUp);
    const check = await checkModel(model, {
      fetch: ask,
      isTaken: (id) => beside.some((config) => config.id === id),
      lookUp,
      hubNotice: 'The next start downloads it from the hub and takes longer.',
    });
    const isUnset = model.kind === 'upstream' && model.apiKeyVariable !== undefined && !variables[model.apiKeyVariable];
    if (!isUnset) return check;
    const notice = `Set ${model.apiKeyVariable} before the next start; it must contain the key.`;
    return { ...check, checked: { ...check.checked, notices: [notice, ...check.checked.notices] } };
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

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

type Variables = Readonly<Record<string, string | undefined>>;

/** `thinkfirst.config.json` of the working folder, as `configuredModels` reads it at start. */
export function createModelConfiguration(options: {
  /** The working folder, which has `thinkfirst.config.json`. */
  folder: string;
  variables: Variables;
  fetch?: typeof fetch;
}): Omit<ModelConfigurationStore, 'remove'> & {
  /** Names an effort table in a model's entry. @returns false if the models are not named by the file, or none has this id */
  nameEffortTable(id: string, path: string): Promise<boolean>;
} {
  const { folder, variables } = options;
  const file = resolve(folder, name);
  const state = () => readState({ folder, file, variables });
  const checking = { variables, fetch: options.fetch ?? fetch };
  let writing: Promise<unknown> = Promise.resolve();
  /** One after the other, so that each write contains the ones before it. */
  const inTurn = <Result>(act: () => Promise<Result>): Promise<Result> => {
    const done = writing.then(act);
    writing = done.catch(() => undefined);
    return done;
  };

  return {
    read: async () => (await state()).configuration,
    find: () => findModels(checking),
    async check(model) {
      const { configuration } = await state();
      return { ...(await checked(model, configuration, checking)), written: false, configuration };
    },
    add: (model) => inTurn(async () => added(model, await state(), { file, ...checking })),
    nameEffortTable: (id, path) =>
      inTurn(async () => {
        const { configuration, whole } = await state();
        const models = withEffortTable(configuration, { id, path, variables });
        if (models !== undefined) await write(file, { ...whole, models });
        return models !== undefined;
      }),
  };
}

/** `whole`: all that the file has. */
type State = { configuration: ModelConfiguration; whole: Record<string, unknown> };
type Checking = { variables: Variables; fetch: typeof fetch };

/** A key may be set any time before the next start, so a missing one is no error yet. */
function keyLookUp(variables: Variables): (variable: string) => string {
  return (variable) => variables[variable] || 'not set yet';
}

async function readState({
  folder,
  file,
  variables,
}: {
  folder: string;
  file: string;
  variables: Variables;
}): Promise<State> {
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

/** Replaces the file in one step, because a start may read it meanwhile. Its permissions stay the same. */
async function write(file: string, content: Record<string, unknown>): Promise<void> {
  const mode = existsSync(file) ? (await stat(file)).mode & 0o777 : 0o600;
  await writeFile(`${file}.new`, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  // Whatever the umask is.
  await chmod(`${file}.new`, mode);
  await rename(`${file}.new`, file);
}

async function added(
  model: NewModel,
  { configuration, whole }: State,
  { file, ...checking }: Checking & { file: string },
): Promise<ModelsChange> {
  if (configuration.source === 'variable') {
    throw new ServiceError({
      code: 'conflict',
      message: `THINKFIRST_MODELS names the models, so ${name} isn't read. Add the entry there, or unset it.`,
      retryable: false,
    });
  }
  const { checked: facts, entry } = await checked(model, configuration, checking);
  const entries = [...configuration.entries, entry];
  await write(file, { ...whole, models: entries });
  return {
    object: 'model_configuration.change',
    checked: facts,
    entry,
    written: true,
    configuration: { ...configuration, source: 'file', entries },
  };
}

/** The file's entries, with the table in the one of this id; undefined if there is none. */
function withEffortTable(
  { source, entries }: ModelConfiguration,
  { id, path, variables }: { id: string; path: string; variables: Variables },
): unknown[] | undefined {
  if (source !== 'file') return undefined;
  const ids = parseModelsConfig({ models: entries }, keyLookUp(variables)).map((config) => config.id);
  if (!ids.includes(id)) return undefined;
  return entries.map((entry, index) => (ids[index] === id ? { ...asObject(entry), effortTable: path } : entry));
}

async function checked(
  model: NewModel,
  { source, entries }: ModelConfiguration,
  { variables, fetch: ask }: Checking,
): Promise<ModelCheck> {
  const lookUp = keyLookUp(variables);
  // If a variable names the models, the new one is not written next to them.
  const others = source === 'variable' || entries.length === 0 ? [] : parseModelsConfig({ models: entries }, lookUp);
  const check = await checkModel(model, {
    fetch: ask,
    isTaken: (id) => others.some((config) => config.id === id),
    lookUp,
    hubNotice: 'The next start downloads it from the hub and takes longer.',
  });
  const isUnset = model.kind === 'upstream' && model.apiKeyVariable !== undefined && !variables[model.apiKeyVariable];
  if (!isUnset) return check;
  const notice = `Set ${model.apiKeyVariable} before the next start; it must contain the key.`;
  return { ...check, checked: { ...check.checked, notices: [notice, ...check.checked.notices] } };
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

/** An entry that is a string, as an object. */
function asObject(entry: unknown): object {
  if (typeof entry !== 'string') return Object(entry);
  const config = parseModelEntry(entry, () => undefined);
  return config.kind === 'hub' ? { hub: config.name } : { folder: entry };
}

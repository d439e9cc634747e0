import type { ModelConfigurationStore } from '../../api/dependencies.ts';
import { ownProbeHeader } from '../../api/middleware/host-check.ts';
import { type ModelConfiguration, type NewModel, withScheme } from '../../contracts/service/model-configuration.ts';
import { invalidValue, ServiceError } from '../../contracts/service/service-error.ts';
import { waitAtMost } from '../../core/deadlines.ts';
import type { UpstreamModel } from '../../models/config/model-config.ts';
import { absolutePath } from '../../models/local/folder/model-files.ts';
import { serverAddressRefusal } from '../../outbound/public-address.ts';
import type { BullmqQueue } from '../../queue/responses/bullmq-queue.ts';
import type { AddedModels } from '../../store/added-models.ts';
import { checkModel, type ModelCheck } from './check-model.ts';
import { pairedKey } from './open-added-model.ts';
import { removedReason } from './removed-queues.ts';
import type { ServedModels } from './served-models.ts';

type LiveOptions = {
  /** What the operator configured. */
  file: Pick<ModelConfigurationStore, 'read' | 'find'>;
  /** The operator's models that have a key. */
  keyed: readonly Pick<UpstreamModel, 'url' | 'apiKey' | 'apiKeyVariable'>[];
  added: AddedModels;
  served: Pick<ServedModels, 'sync' | 'states'>;
  queue: Pick<BullmqQueue, 'endWaiting'> & {
    queues: { directory: Pick<BullmqQueue['queues']['directory'], 'retract' | 'tellModels'> };
  };
  /** What this service recognises its own requests by. */
  ownProbe: string;
  fetch?: typeof fetch;
  now(): number;
};

/** The models of a running service: the operator's as they are configured, and those that admins add and remove. */
export function createLiveConfiguration(options: LiveOptions): ModelConfigurationStore {
  const { file, added, queue } = options;
  return {
    read: () => readConfiguration(options),
    find: file.find,
    async check(model) {
      const check = await checked(model, options);
      return { ...check, written: false, configuration: await readConfiguration(options) };
    },
    async add(model) {
      const check = await checked(model, options);
      await added.add({ id: check.checked.id, entry: check.entry });
      await queue.queues.directory.tellModels().catch(() => undefined);
      return { ...check, written: true, configuration: await readConfiguration(options) };
    },
    remove: (id) => removeModel(id, options),
  };
}

async function removeModel(id: string, { file, added, served, queue, now }: LiveOptions): Promise<void> {
  await served.sync();
  const state = served.states().get(id);
  if (state !== undefined && state.source !== 'added') {
    const { file: name } = await file.read();
    const place = { variable: 'THINKFIRST_MODELS', file: name, embedded: 'the package' }[state.source];
    throw new ServiceError({
      code: 'conflict',
      message: `The model '${id}' comes from ${place}, which only the operator changes. Remove it there and restart.`,
      retryable: false,
    });
  }
  if (!(await added.remove(id))) {
    throw new ServiceError({ code: 'model_not_found', message: `No model '${id}' was added.` });
  }
  const at = now();
  const { directory } = queue.queues;
  await directory.retract(id).catch(() => undefined);
  await directory.tellModels().catch(() => undefined);
  await served.sync();
  // There may be many, and the workers look for them as well.
  const ending = queue.endWaiting(id, { reason: removedReason(id), createdBefore: at }).catch(() => undefined);
  await waitAtMost(ending, endingMs);
}

async function readConfiguration({ file, served }: Pick<LiveOptions, 'file' | 'served'>): Promise<ModelConfiguration> {
  const [configuration, list] = await Promise.all([file.read(), served.sync()]);
  const states = served.states();
  return {
    ...configuration,
    added: list.models.map(({ id, entry, addedAt }) => {
      const { source = 'added', ...state } = states.get(id) ?? { status: 'loading', reason: null, percent: null };
      const shadowed = { status: 'failed', reason: `${id} is configured as well, so this one is not used.` } as const;
      return { id, entry, added_at: Math.floor(addedAt / 1000), ...state, ...(source !== 'added' && shadowed) };
    }),
  };
}

async function checked(given: NewModel, options: LiveOptions): Promise<ModelCheck> {
  const { keyed, served } = options;
  // Another process may have another working folder.
  const model = given.kind === 'folder' ? { ...given, folder: inWorkingFolder(given.folder) } : given;
  const url = model.kind === 'upstream' ? withScheme(model.url) : '';
  const key = (variable: string) => pairedKey(keyed, { variable, url });
  const ask = model.kind === 'upstream' ? await probing(url, model.apiKeyVariable, key, options) : fetch;
  await served.sync();
  const states = served.states();
  return checkModel(model, {
    fetch: ask,
    isTaken: (id) => states.has(id),
    lookUp: key,
    hubNotice: 'It is downloaded from the hub now, which takes a while.',
  });
}

/** Asks a server at an address that is allowed, and that is not this service; with the key that the operator has for it. */
async function probing(
  url: string,
  variable: string | undefined,
  key: (variable: string) => string,
  { fetch: ask = fetch, ownProbe }: Pick<LiveOptions, 'fetch' | 'ownProbe'>,
): Promise<typeof fetch> {
  if (!URL.canParse(url) || new URL(url).username !== '') return ask;
  const refusal = await serverAddressRefusal(url);
  if (refusal !== undefined) throw invalidValue('model.url', refusal);
  const apiKey = variable === undefined ? undefined : ofField('apiKeyVariable', () => key(variable));
  let isOwn = false;
  const own: typeof fetch = async (address, init) => {
    const headers = new Headers(init?.headers);
    headers.set(ownProbeHeader, ownProbe);
    if (apiKey !== undefined) headers.set('authorization', `Bearer ${apiKey}`);
    const answer = await ask(address, { ...init, headers });
    if (answer.headers.get(ownProbeHeader) === ownProbe) isOwn = true;
    return answer;
  };
  await own(url, { redirect: 'manual', signal: AbortSignal.timeout(answerMs) }).catch(() => undefined);
  if (isOwn) throw invalidValue('model.url', 'this is the address of this service; give the address of a model server');
  return own;
}

const answerMs = 5_000;
/** That a removal waits for what it ends. ms */
const endingMs = 2_000;

function inWorkingFolder(folder: string): string {
  return /^(~|ollama:)/.test(folder) ? folder : absolutePath(folder);
}

function ofField<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ServiceError ? invalidValue(`model.${field}`, error.message) : error;
  }
}

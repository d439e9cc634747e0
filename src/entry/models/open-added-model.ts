import type { Logger } from 'pino';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { LanguageModel } from '../../core/language-model.ts';
import type { CatalogEntry } from '../../models/config/catalog.ts';
import { type ModelConfig, parseModelEntry, type UpstreamModel } from '../../models/config/model-config.ts';
import type { InferenceObserver } from '../../models/local/process/inference-child.ts';
import { discoverServer } from '../../models/servers/client/discover-server.ts';
import { serverAddressRefusal } from '../../outbound/public-address.ts';
import type { Environment } from '../environment.ts';
import { type FetchedModel, fetchModels } from './fetch-models.ts';
import { catalogEntries, loadModels } from './load-models.ts';

/** A model that was added to the running service, as this process has it. */
export type OpenedModel = {
  config: FetchedModel;
  entry: CatalogEntry;
  /** Absent in a process without a worker. */
  model: LanguageModel | undefined;
  close(): Promise<void>;
};

export type OpenAddedModel = (
  entry: Record<string, unknown>,
  options: { signal: AbortSignal; onPercent(percent: number): void },
) => Promise<OpenedModel>;

const answerMs = 5_000;

/**
 * Opens a model by its entry: downloads it, loads it in a process of its own, or makes a client of its server. A process
 * without a worker reads only what the API needs.
 * @throws ServiceError that says why it can't be used
 */
export function createAddedModelOpener(options: {
  environment: Environment;
  /** The operator's models, whose keys their hosts may get. */
  configured: readonly Pick<UpstreamModel, 'url' | 'apiKey' | 'apiKeyVariable'>[];
  worker: boolean;
  inferenceEntry?: URL | undefined;
  observer: InferenceObserver;
  log: Logger;
}): OpenAddedModel {
  const { environment, configured, worker, inferenceEntry, observer, log } = options;
  return async (entry, { signal, onPercent }) => {
    const url = typeof entry['url'] === 'string' ? entry['url'] : '';
    const config = parseModelEntry(entry, (variable) => pairedKey(configured, { variable, url }));
    if (config.kind === 'upstream') await checkServer(config, { worker });
    const onProgress = ({ done, total }: { done: number; total: number }) =>
      onPercent(total === 0 ? 0 : Math.floor((100 * done) / total));
    const [fetched] = await fetchModels([config], { environment, weights: worker, onProgress, signal });
    if (fetched === undefined) throw new Error('nothing was fetched');
    signal.throwIfAborted();
    const loaded = worker
      ? await loadModels({ configs: [fetched], environment, inferenceEntry, observer, signal, log })
      : undefined;
    try {
      const [card] = await catalogEntries([fetched], loaded?.models ?? new Map());
      const model = loaded?.models.get(config.id);
      if (card === undefined || (worker && model === undefined)) {
        throw new ServiceError({ code: 'model_unavailable', message: 'It could not be loaded; the log says why.' });
      }
      const close = async () => loaded?.close();
      return { config: fetched, entry: card, model, close };
    } catch (error) {
      await loaded?.close();
      throw error;
    }
  };
}

/** The models of the configuration that have a key, with the server that it is for. */
export function keyedServers(configured: readonly ModelConfig[]): UpstreamModel[] {
  return configured.flatMap((config) => (config.kind === 'upstream' && config.apiKey !== undefined ? [config] : []));
}

/**
 * The key in a variable, for a server that the operator's configuration names it for: the same scheme, host and port. So
 * nobody can have a key sent to an address of their own.
 * @throws ServiceError `invalid_value`
 */
export function pairedKey(
  configured: readonly Pick<UpstreamModel, 'url' | 'apiKey' | 'apiKeyVariable'>[],
  { variable, url }: { variable: string; url: string },
): string {
  const { origin } = new URL(url);
  const known = configured.find((one) => one.apiKeyVariable === variable && new URL(one.url).origin === origin);
  if (known?.apiKey !== undefined) return known.apiKey;
  const param = 'apiKeyVariable';
  const message = `${variable} is not sent to ${origin}: the configuration file has no model there with this variable`;
  throw new ServiceError({ code: 'invalid_value', param, message });
}

/** Once more, since a name may resolve to another address by now, and this process may be on another network. */
async function checkServer({ url }: UpstreamModel, { worker }: { worker: boolean }): Promise<void> {
  const refusal = await serverAddressRefusal(url);
  if (refusal !== undefined) throw new ServiceError({ code: 'invalid_value', message: `${url}: ${refusal}` });
  if (!worker || (await discoverServer(url, { fetch, timeoutMs: answerMs })) !== 'away') return;
  throw new ServiceError({ code: 'model_unavailable', message: `Nothing answers the worker at ${url}.` });
}

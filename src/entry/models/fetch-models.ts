import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { FolderModel, ModelConfig, UpstreamModel } from '../../models/config/model-config.ts';
import { fetchHubModel, type HubProgress } from '../../models/local/folder/hub.ts';
import { absolutePath } from '../../models/local/folder/model-files.ts';
import { lockFolder } from '../../queue/embedded/data-folder.ts';
import type { Environment } from '../environment.ts';

/** A configured model that needs nothing more of the hub. */
export type FetchedModel = (FolderModel & { weights?: boolean }) | UpstreamModel;

/**
 * The configured models in their order, those of the hub as folders: downloaded at the first start, and as they are then.
 * @param options.weights false where another process runs the models
 * @throws ServiceError `model_unavailable` in one line; the signal's reason
 */
export async function fetchModels(
  configs: readonly ModelConfig[],
  options: {
    environment: Environment;
    weights: boolean;
    onProgress?: ((progress: HubProgress) => void) | undefined;
    signal?: AbortSignal;
  },
): Promise<FetchedModel[]> {
  const { HF_ENDPOINT, HF_TOKEN, THINKFIRST_HUB_CACHE } = options.environment;
  const fetched: FetchedModel[] = [];
  for (const config of configs) {
    if (config.kind !== 'hub') {
      fetched.push(config);
      continue;
    }
    const { name, kind: _, ...rest } = config;
    const path = await fetchHubModel(name, {
      endpoint: HF_ENDPOINT.replace(/\/+$/, ''),
      token: HF_TOKEN,
      cache: absolutePath(THINKFIRST_HUB_CACHE ?? join(homedir(), '.cache', 'thinkfirst', 'hub')),
      weights: options.weights,
      onProgress: options.onProgress,
      signal: options.signal,
      lock: lockFolder,
    });
    fetched.push({ ...rest, kind: 'folder', path, weights: options.weights });
  }
  return fetched;
}

/** A line of the log for each tenth of a download. */
export function logProgress(log: Logger): (progress: HubProgress) => void {
  let last = '';
  return ({ name, done, total }) => {
    const percent = total === 0 ? 0 : Math.floor((10 * done) / total) * 10;
    const line = `${name}: ${percent} % of ${Math.round(total / 1e6)} MB`;
    if (line === last) return;
    last = line;
    log.info({ model: name, percent, totalMB: Math.round(total / 1e6) }, 'downloading from the hub');
  };
}

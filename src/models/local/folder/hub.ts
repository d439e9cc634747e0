import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { nearestName } from '../../../core/nearest-name.ts';
import { type AskHub, downloadHubFile, type HubFile, HubRefusal, isWhole, messageOf } from './hub-file.ts';
import { chooseWeights, modelFault, weightNames } from './model-files.ts';

export type HubOptions = {
  /** `HF_ENDPOINT`: the address of the hub. */
  endpoint: string;
  /** `HF_TOKEN`: sent to the hub, and to no host that it sends on to. */
  token?: string | undefined;
  /** Where models are kept, each in `organisation/name`. */
  cache: string;
  /** False: only what counts tokens; another process runs the model. */
  weights: boolean;
  onProgress?: ((progress: HubProgress) => void) | undefined;
  /** One process downloads at a time; undefined while another one does. */
  lock(file: string): Promise<{ release(): Promise<void> } | undefined>;
  pause?: (ms: number) => Promise<void>;
  /** Ends the download; a later call resumes it. */
  signal?: AbortSignal | undefined;
};

/** Of one model, in bytes over all its files. */
export type HubProgress = { name: string; done: number; total: number };

const needed = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];
const wanted = [...needed, 'generation_config.json', 'chat_template.jinja'];

/** Written last: with it, nothing is asked of the hub any more. */
const manifestName = '.thinkfirst-files.json';
const Manifest = z.object({ commit: z.string(), files: z.array(z.object({ path: z.string(), size: z.int() })) });

/** `GET /api/models/NAME/revision/main?blobs=true`, as far as it is used. */
const Listing = z.object({
  sha: z.string().default('main'),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.int().nonnegative().nullish(),
      blobId: z.string().nullish(),
      lfs: z.object({ sha256: z.string().nullish(), oid: z.string().nullish() }).nullish(),
    }),
  ),
});

const Config = z.looseObject({ 'transformers.js_config': z.looseObject({ dtype: z.unknown() }).optional() });

const waitFor = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
/** ms between two checks of another process's download. */
const lookAgain = 500;

/**
 * The folder of a hub's model, downloaded at the first call and used as it is from then on, without a network.
 * @throws ServiceError `model_unavailable` in one line: what is missing, and what to do; the signal's reason
 */
export async function fetchHubModel(name: string, options: HubOptions): Promise<string> {
  const folder = join(options.cache, ...name.split('/'));
  const { pause = waitFor } = options;
  if (isComplete(folder, options)) return folder;
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw modelFault(
      name,
      `${folder} can't be made (${messageOf(error)}); choose another folder with THINKFIRST_HUB_CACHE`,
    );
  }
  let lock = await options.lock(join(folder, '.lock'));
  while (lock === undefined) {
    await pause(lookAgain);
    options.signal?.throwIfAborted();
    if (isComplete(folder, options)) return folder;
    lock = await options.lock(join(folder, '.lock'));
  }
  try {
    if (!isComplete(folder, options)) await download(name, folder, { ...options, pause });
    return folder;
  } finally {
    await lock.release();
  }
}

function isComplete(folder: string, { weights }: HubOptions): boolean {
  const path = join(folder, manifestName);
  if (!existsSync(path)) return false;
  const manifest = Manifest.safeParse(parsed(path));
  if (!manifest.success) return false;
  const { files } = manifest.data;
  const isHere = ({ path: file, size }: { path: string; size: number }) =>
    existsSync(join(folder, file)) && statSync(join(folder, file)).size === size;
  return files.every(isHere) && (!weights || files.some(({ path: file }) => file.endsWith('.onnx')));
}

async function download(
  name: string,
  folder: string,
  options: HubOptions & { pause(ms: number): Promise<void> },
): Promise<void> {
  const ask = createAskHub(options);
  const { commit, files } = await list(name, ask, options);
  const paths = files.map(({ path }) => path);
  const missing = needed.find((file) => !paths.includes(file));
  if (missing !== undefined) throw modelFault(name, `it has no ${missing} at ${options.endpoint}`);
  const chosen = files.filter(({ path }) => wanted.includes(path));
  const done = new Map<string, number>();
  const fetchFile = async (file: HubFile) => {
    const target = join(folder, file.path);
    const onBytes = (bytes: number) => {
      done.set(file.path, bytes);
      options.onProgress?.({
        name,
        done: [...done.values()].reduce((sum, size) => sum + size, 0),
        total: chosen.reduce((sum, { path, size }) => sum + (size ?? done.get(path) ?? 0), 0),
      });
    };
    if (existsSync(target) && (await isWhole(target, file))) return onBytes(statSync(target).size);
    // Of the revision that was listed, whose files never change: a part of one can be resumed.
    const url = `${options.endpoint}/${name}/resolve/${commit}/${file.path}`;
    const part = `${target}.${(file.sum?.hex ?? commit).slice(0, 12)}.part`;
    const { pause, signal } = options;
    await downloadHubFile(file, { target, part, url, ask, onBytes, pause, signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw refused(name, error, options) ?? modelFault(name, messageOf(error), error);
    });
  };
  for (const file of chosen.filter(({ path }) => path === 'config.json')) await fetchFile(file);
  if (options.weights) {
    const config = Config.safeParse(parsed(join(folder, 'config.json')));
    const weights = chooseWeights(paths, config.data?.['transformers.js_config']?.dtype);
    if (weights === undefined) {
      const other = `often onnx-community/${name.split('/')[1]}-ONNX`;
      throw modelFault(name, `it has no ONNX weights (${weightNames}). Look for an export of it, ${other}`);
    }
    chosen.push(...files.filter(({ path }) => path === weights.graph || weights.data.includes(path)));
  }
  for (const file of chosen) await fetchFile(file);
  const written = chosen.map(({ path }) => ({ path, size: statSync(join(folder, path)).size }));
  await writeFile(join(folder, manifestName), `${JSON.stringify({ commit, files: written }, undefined, 2)}\n`);
}

/** What a JSON file holds; undefined where it is none. */
function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

async function list(name: string, ask: AskHub, options: HubOptions): Promise<{ commit: string; files: HubFile[] }> {
  let response: Response;
  try {
    response = await ask(`${options.endpoint}/api/models/${name}/revision/main?blobs=true`, {});
    if (!response.ok) throw new HubRefusal(response.status, `${options.endpoint} answers ${response.status}`);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw (
      refused(name, error, options, await nearestOf(name, ask, options)) ??
      modelFault(
        name,
        `${options.endpoint} can't be reached (${messageOf(error)}). choose another hub with HF_ENDPOINT`,
        error,
      )
    );
  }
  const listing = Listing.safeParse(await response.json().catch(() => undefined));
  if (!listing.success) throw modelFault(name, `${options.endpoint} returned no list of its files`);
  return {
    commit: listing.data.sha,
    files: listing.data.siblings.map(({ rfilename, size, blobId, lfs }) => {
      const sha256 = lfs?.sha256 ?? lfs?.oid;
      return {
        path: rfilename,
        size: size ?? undefined,
        sum: sha256 ? { kind: 'sha256', hex: sha256 } : blobId && !lfs ? { kind: 'git', hex: blobId } : undefined,
      };
    }),
  };
}

/** In words what an answer of the hub means; undefined where it wasn't one. The hub hides private models behind 401 and 404. */
function refused(name: string, error: unknown, { endpoint, token }: HubOptions, nearest?: string) {
  if (!(error instanceof HubRefusal)) return undefined;
  // One that the hub lists and does not give is private.
  const meant = nearest === undefined || nearest === name ? undefined : `the nearest name there is ${nearest}`;
  switch (error.status) {
    case 401:
    case 404: {
      const key = token === undefined ? 'it is private; set HF_TOKEN' : 'the key in HF_TOKEN may not read it';
      return modelFault(
        name,
        `${endpoint} has no such model${meant === undefined ? `, or ${key}` : `; ${meant}`}`,
        error,
      );
    }
    case 403:
      return modelFault(
        name,
        `${endpoint} asks for consent first: accept its terms at ${endpoint}/${name}, and set HF_TOKEN to a key of that account`,
        error,
      );
    default:
      return modelFault(name, error.message, error);
  }
}

/** A model of the hub that is called nearly the same; undefined where the hub can't be asked. */
async function nearestOf(name: string, ask: AskHub, { endpoint }: HubOptions): Promise<string | undefined> {
  const [, own = name] = name.split('/');
  try {
    // Of a name with a slip in its end, the beginning is right.
    for (const search of [own, own.slice(0, Math.ceil(own.length / 2))]) {
      const response = await ask(`${endpoint}/api/models?search=${encodeURIComponent(search)}&limit=50`, {});
      const found = z.array(z.object({ id: z.string() })).parse(await response.json());
      const nearest = nearestName(
        name,
        found.map(({ id }) => id),
      );
      if (nearest !== undefined) return nearest;
    }
  } catch {}
  return undefined;
}

const mostRedirects = 5;

/** Follows redirects here, so that the key goes to the hub's own host alone. */
function createAskHub({ endpoint, token, signal }: HubOptions): AskHub {
  const home = new URL(endpoint).origin;
  return async (path, headers) => {
    let url = new URL(path);
    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      const own = token !== undefined && url.origin === home ? { authorization: `Bearer ${token}` } : {};
      const response = await fetch(url, {
        headers: { 'user-agent': 'thinkfirst', ...headers, ...own },
        redirect: 'manual',
        ...(signal && { signal }),
      });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) return response;
      await response.body?.cancel();
      url = new URL(location, url);
    }
    throw new Error(`${endpoint} redirects more than ${mostRedirects} times`);
  };
}

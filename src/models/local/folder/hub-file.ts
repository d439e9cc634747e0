import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What the hub says of a file: its size in bytes, and a sum of what is in it. */
export type HubFile = {
  path: string;
  size?: number | undefined;
  /** sha256 of a large file (Git LFS), else the sha1 of a Git blob. */
  sum?: { kind: 'sha256' | 'git'; hex: string } | undefined;
};

/** Gives an answer of the hub, or of another host that it has sent on to. @throws Error of the network */
export type AskHub = (path: string, headers: Record<string, string>) => Promise<Response>;

/** Tries in a row that bring nothing new. */
const mostTries = 4;
/** ms before the second of them; twice as long before each further one. */
const firstPause = 500;

/**
 * Downloads one file to `target` and compares size and sum. What has come of it lies in `part` until then, and a later call
 * resumes behind it.
 * @throws Error that says how far it came, and why no further; HubRefusal; the signal's reason
 */
export async function downloadHubFile(
  file: HubFile,
  options: {
    target: string;
    /** Another one for each revision of the file. */
    part: string;
    url: string;
    ask: AskHub;
    /** Bytes of it that are here. */
    onBytes(bytes: number): void;
    pause(ms: number): Promise<void>;
    signal: AbortSignal | undefined;
  },
): Promise<void> {
  const { target, part, pause, signal } = options;
  await mkdir(dirname(target), { recursive: true });
  let reason: unknown;
  let wrongSums = 0;
  for (let tries = 0; tries < mostTries; tries += 1) {
    if (tries > 0) await pause(firstPause * 2 ** (tries - 1));
    signal?.throwIfAborted();
    const before = sizeOf(part);
    try {
      const said = await fetchRest(file, { ...options, before });
      if (said.size !== undefined && sizeOf(part) < said.size) throw new Error('the connection ended early');
      if (await isWhole(part, said)) return await rename(part, target);
      await rm(part);
      wrongSums += 1;
      reason = new Error('the size or checksum of the download differs from that on the hub');
      if (wrongSums > 1) break;
    } catch (error) {
      if (error instanceof HubRefusal || isOfDisk(error) || signal?.aborted) throw error;
      reason = error;
    }
    // As long as more of it comes, it is worth another try.
    if (sizeOf(part) > before) tries = -1;
  }
  const [have, size] = [sizeOf(part), file.size];
  const where = size === undefined ? `after ${have} bytes` : `at ${have} of ${size} bytes`;
  const rest = have > 0 ? '. The next start resumes it there' : '';
  throw new Error(`${file.path} stopped ${where}: ${messageOf(reason)}${rest}`);
}

/** The hub has answered, and not with the file. */
export class HubRefusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Fetches what `part` lacks, appends it, and gives what the hub says of the file. */
async function fetchRest(
  file: HubFile,
  { url, ask, part, before, onBytes }: Parameters<typeof downloadHubFile>[1] & { before: number },
): Promise<HubFile> {
  if (file.size !== undefined && before === file.size) return file;
  const response = await ask(url, {
    'accept-encoding': 'identity',
    ...(before > 0 && { range: `bytes=${before}-` }),
  });
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  // It has no more than that, or another file than this part is of.
  if (response.status === 416) {
    await response.body?.cancel();
    await rm(part);
    throw new Error('the hub has no such part of it');
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw response.status >= 500 || response.status === 429
      ? new Error(`the hub answers ${response.status}`)
      : new HubRefusal(response.status, `the hub answers ${response.status} for ${file.path}`);
  }
  const resumed = response.status === 206 && Number(range?.[1]) === before;
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const size = file.size ?? (resumed ? Number(range?.[2]) : Number.isNaN(length) ? undefined : length);
  const handle = await open(part, resumed ? 'a' : 'w');
  try {
    let have = resumed ? before : 0;
    onBytes(have);
    for await (const piece of response.body ?? []) {
      await handle.write(piece);
      have += piece.byteLength;
      onBytes(have);
    }
  } finally {
    await handle.close();
  }
  return { ...file, size };
}

/** Whether a file is all of what the hub lists. */
export async function isWhole(path: string, { size, sum }: HubFile): Promise<boolean> {
  const have = sizeOf(path);
  if (size !== undefined && have !== size) return false;
  if (sum === undefined) return true;
  const hash: Hash = createHash(sum.kind === 'git' ? 'sha1' : 'sha256');
  if (sum.kind === 'git') hash.update(`blob ${have}\0`);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex') === sum.hex;
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

/** Retrying can't help with these. */
function isOfDisk(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** fetch() says "fetch failed" or "terminated", and why in its cause. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}

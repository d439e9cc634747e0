import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Larger files are in Git LFS: they have a sha256 and come from another host. */
const largest = 100_000;

export type HubRequest = { host: 'hub' | 'storage'; path: string; range: string | undefined; key: string | undefined };

/**
 * A hub in Hugging Face's layout with one model: `/api/models/NAME/revision/main`, `/NAME/resolve/COMMIT/FILE`, a
 * search, and a second server for large files, to which the first one redirects.
 */
export async function startLocalHub(name: string, folder: string) {
  const requests: HubRequest[] = [];
  /** Faults; tests change them while it runs. */
  const faults = {
    /** Only this key may read. */
    key: undefined as string | undefined,
    gated: false,
    /** The bytes after which a connection with a large file is cut, once for each number. */
    cuts: [] as number[],
    ignoresRanges: false,
    /** How many times large files come with a changed last byte. */
    spoilt: 0,
    /** Whether the listing of a large model lacks sizes and checksums. */
    withoutBlobs: false,
    without: [] as string[],
  };
  const files = () => listFiles(folder).filter((file) => !faults.without.includes(file));
  const commit = 'c0ffee'.repeat(6).slice(0, 40);

  const note = (host: HubRequest['host'], request: IncomingMessage) => {
    const { range, authorization } = request.headers;
    requests.push({ host, path: request.url ?? '', range, key: authorization });
    return { path: new URL(request.url ?? '', 'http://hub').pathname, key: authorization };
  };
  const storage = await listen((request, response) => {
    const { path } = note('storage', request);
    sendFile(request, response, readFileSync(join(folder, path.slice(1))));
  });
  const hub = await listen((request, response) => {
    const { path, key } = note('hub', request);
    if (path === '/api/models') return json(response, 200, [{ id: 'test-org/quite-other' }, { id: name }]);
    const isModel = path.startsWith(`/api/models/${name}/`) || path.startsWith(`/${name}/`);
    if (!isModel || (faults.key !== undefined && key !== `Bearer ${faults.key}`)) {
      return json(response, 401, { error: 'Repository not found' });
    }
    if (faults.gated) return json(response, 403, { error: 'Access to this model is restricted' });
    if (path === `/api/models/${name}/revision/main`) {
      const siblings = files().map((file) => ({ rfilename: file, ...(!faults.withoutBlobs && blobOf(file)) }));
      return json(response, 200, { id: name, sha: commit, siblings });
    }
    const file = path.slice(`/${name}/resolve/${commit}/`.length);
    if (!files().includes(file)) return json(response, 404, { error: 'Entry not found' });
    if (statSync(join(folder, file)).size <= largest)
      return sendFile(request, response, readFileSync(join(folder, file)));
    response.writeHead(302, { location: `${storage.url}/${file}`, 'x-linked-etag': '"of-lfs"' }).end();
  });

  function blobOf(file: string) {
    const content = readFileSync(join(folder, file));
    const git = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    const sha256 = createHash('sha256').update(content).digest('hex');
    const { length: size } = content;
    return { size, blobId: git, ...(size > largest && { lfs: { sha256, size, pointerSize: 130 } }) };
  }

  function sendFile(request: IncomingMessage, response: ServerResponse, whole: Buffer): void {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const resumes = from > 0 && !faults.ignoresRanges;
    const content = Buffer.from(resumes ? whole.subarray(from) : whole);
    const large = whole.length > largest;
    if (large && faults.spoilt > 0) {
      faults.spoilt -= 1;
      content[content.length - 1] = (content.at(-1) ?? 0) ^ 1;
    }
    response.writeHead(resumes ? 206 : 200, {
      'content-length': content.length,
      etag: `"${createHash('sha1').update(whole).digest('hex')}"`,
      ...(resumes && { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` }),
    });
    const cut = large ? faults.cuts.shift() : undefined;
    if (cut === undefined) return void response.end(content);
    response.write(content.subarray(0, cut), () => response.destroy());
  }

  return {
    url: hub.url,
    requests,
    faults,
    /** The paths requested from each server, without the fixed prefix. */
    close: () => Promise.all([hub.close(), storage.close()]),
  };
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    statSync(join(folder, file)).isFile(),
  );
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server: Server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

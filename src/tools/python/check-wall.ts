import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseJson } from '../../core/parse-json.ts';
import { buildWall, type Wall, WallFault } from './wall.ts';

/** The wall, or why Python can't be run on this machine and what to do about it. */
export type WallCheck = { wall: Wall } | { reason: string; advice: string };

let checked: Promise<WallCheck> | undefined;

/** Builds the wall and tries it, once in the life of this process. Never rejects. */
export function checkWall(): Promise<WallCheck> {
  checked ??= tryWall().catch((error: unknown) =>
    error instanceof WallFault
      ? { reason: error.message, advice: error.advice }
      : {
          reason: `The sandbox can't be built: ${error instanceof Error ? error.message : String(error)}.`,
          advice: tryIt,
        },
  );
  return checked;
}

const tryIt = 'Try it by hand: bwrap --unshare-all --ro-bind / / true';

/** ms; a busy machine takes a while to start a Node. */
const startLimit = 30_000;
const probe = fileURLToPath(new URL('./probe.mjs', import.meta.url));

async function tryWall(): Promise<WallCheck> {
  const wall = await buildWall();
  const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-wall-'));
  const server = createServer((socket) => socket.destroy());
  try {
    const file = join(folder, 'file');
    await writeFile(file, 'seen');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return { wall: await tried(wall, [file, String(port), '/written']) };
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws WallFault where the wall does not come up, or lets something through */
async function tried(wall: Wall, args: readonly string[]): Promise<Wall> {
  const child = wall.start({ files: { '/probe.mjs': probe }, args, nodeOptions: [], memoryMegabytes: 512 });
  const timer = setTimeout(() => child.kill('SIGKILL'), startLimit);
  const [, errors, report] = child.stdio.slice(1);
  const read = async (stream: typeof report) => (stream && 'read' in stream ? text(stream) : '');
  try {
    const [said, complaint] = await Promise.all([read(report), read(errors)]);
    const possible = z.array(z.string()).safeParse(parseJson(said));
    if (!possible.success) throw notUp(complaint);
    if (possible.data.length > 0) {
      const holes = `The sandbox does not hold: code in it could ${possible.data.join(', ')}.`;
      throw new WallFault(holes, 'Report it, as SECURITY.md says.');
    }
    return wall;
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

function notUp(complaint: string): WallFault {
  const why = complaint.trim().split('\n')[0]?.slice(0, 200) || 'it gave no reason';
  if (!/namespace|uid map|not permitted|permission denied|loopback/i.test(why)) {
    return new WallFault(`bubblewrap failed: ${why}`, tryIt);
  }
  const inDocker = 'In Docker: --security-opt seccomp=unconfined --security-opt apparmor=unconfined.';
  const onUbuntu = 'On Ubuntu 24.04 and later: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0.';
  return new WallFault(`bubblewrap may not make namespaces here: ${why}`, `${inDocker} ${onUbuntu}`);
}

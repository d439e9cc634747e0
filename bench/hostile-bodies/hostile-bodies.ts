/**
 * `npm run bench:hostile-bodies [-- --random 1000 --seed 1 --only TEXT]`: how long bodies designed to be slow block the
 * event loop of the real service, and whether `/healthz` answers meanwhile. `loop` is processor time of the main
 * thread, which other processes do not lengthen; `wall` is wall time.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type LargeBody, largeBodies, randomBodies } from '../../test/e2e/hostile/large-bodies.ts';
import { dataFolder } from '../../test/support/start-service.ts';
import { createRandom } from '../decode/random.ts';

const { values } = parseArgs({
  options: {
    random: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const bodyBytes = 1_048_576;
const patienceMs = 60_000;
const healthEveryMs = 10;
/** Node's parser accepts no shorter one. */
const boundary = 'b'.repeat(32);
const Reading = z.object({ wallMs: z.number(), busyMs: z.number(), rss: z.number() });

type Sent = { path: string; type: string; body: string | Buffer };
type Row = {
  name: string;
  status: number | string;
  ms: number;
  loop: number;
  wall: number;
  healthz: number;
  rss: number;
};

const data = await dataFolder();
let service = await start();
const rows: Row[] = [];
try {
  await look('a first request', { path: '/v1/responses', type: 'application/json', body: ask('"a"') });
  rows.length = 0;
  for (const one of chosen(largeBodies(bodyBytes))) await look(one.name, jsonOf(one));
  if ('uploads'.includes(values.only)) await uploads();
  if ('chains'.includes(values.only)) await chains();
  show();
  const random = createRandom(Number(values.seed));
  const drawn = randomBodies(Number(values.random), bodyBytes, (below) => Math.floor(random() * below));
  const before = rows.length;
  for (const one of drawn) await look(`random ${one.name}`, jsonOf(one));
  const randoms = rows.splice(before);
  if (randoms.length > 0) {
    randoms.sort((one, other) => other.loop - one.loop);
    rows.splice(0, rows.length, ...randoms.slice(0, 10));
    process.stdout.write(`${randoms.length} random bodies of seed ${values.seed}, the ten longest holds:\n`);
    show();
  }
} finally {
  await service.close();
  await data.remove();
}

function chosen(bodies: readonly LargeBody[]): LargeBody[] {
  return bodies.filter(({ name }) => name.includes(values.only));
}

function jsonOf({ path, body }: LargeBody): Sent {
  return { path, type: 'application/json', body: body.replaceAll('"MODEL"', '"thinkfirst-135m"') };
}

function ask(input: string, more = ''): string {
  return `{"model":"thinkfirst-135m","mode":"fast","max_output_tokens":1,"input":${input}${more}}`;
}

async function uploads(): Promise<void> {
  const megabytes = 16;
  const contents: Array<[string, string]> = [
    ['blank lines', '\n'.repeat(megabytes * bodyBytes - 1_000)],
    ['lines of one character', '1\n'.repeat((megabytes * bodyBytes) / 2 - 1_000)],
    ['lines of a megabyte', `${'a'.repeat(bodyBytes - 10)}\n`.repeat(megabytes - 1)],
  ];
  for (const [name, content] of contents) await look(`an upload of 16 MB: ${name}`, form(file(content)));
  const part = `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n`;
  await look(
    'an upload of 16 MB: small parts',
    form(part.repeat(Math.floor((megabytes * bodyBytes) / part.length) - 20)),
  );
  for (const [name, content] of contents) {
    const { text } = await send(form(file(content)));
    const id = /"id":"(file-[^"]+)"/.exec(text)?.[1] ?? '';
    const body = JSON.stringify({ endpoint: '/v1/responses', input_file_id: id });
    await look(`a batch of 16 MB: ${name}`, { path: '/v1/batches', type: 'application/json', body });
  }
}

function file(content: string): string {
  return (
    `--${boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n` +
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n${content}\r\n`
  );
}

function form(parts: string): Sent {
  return { path: '/v1/files', type: `multipart/form-data; boundary=${boundary}`, body: `${parts}--${boundary}--\r\n` };
}

/** Six responses with a megabyte that no model sees, each after the previous one, then short ones. */
async function chains(): Promise<void> {
  let previous = '';
  const annotations = '0,'.repeat(bodyBytes / 2 - 300);
  const large = `[{"role":"assistant","content":[{"type":"output_text","text":"a","annotations":[${annotations}0]}]},{"role":"user","content":"a"}]`;
  // As many values as a body may have if they are limited.
  const words = `"${'annotation '.repeat(1_800)}"`;
  const texts = Array.from({ length: 50 }, () => words).join();
  const fewer = `[{"role":"assistant","content":[{"type":"output_text","text":"a","annotations":[${texts}]}]},{"role":"user","content":"a"}]`;
  for (let index = 0; index < 12; index += 1) {
    const more = previous === '' ? '' : `,"previous_response_id":"${previous}"`;
    const input = index < 6 ? large : '"a"';
    const name = `a chain, response ${index + 1}: ${index < 6 ? '1 MB of annotations' : 'a short one'}`;
    const sent = (text: string) => ({ path: '/v1/responses', type: 'application/json', body: ask(text, more) });
    let text = await look(name, sent(input));
    if (!text.includes('"id":"resp_')) text = await look(`${name}, in few values`, sent(fewer));
    previous = /"id":"(resp_[^"]+)"/.exec(text)?.[1] ?? previous;
  }
}

async function look(name: string, sent: Sent): Promise<string> {
  await service.read();
  const probe = service.probeHealth();
  const startedAt = performance.now();
  const { status, text } = await send(sent).catch((error: unknown) => ({ status: String(error), text: '' }));
  const ms = performance.now() - startedAt;
  const healthz = await probe.stop();
  const { busyMs, wallMs, rss } = await service.read();
  rows.push({
    name: name.slice(0, 110),
    status,
    ms: Math.round(ms),
    loop: Math.round(busyMs),
    wall: Math.round(wallMs),
    healthz: Math.round(healthz),
    rss: Math.round(rss / 1_048_576),
  });
  if (typeof status === 'string') {
    await service.close();
    service = await start();
  }
  return text;
}

function show(): void {
  if (rows.length === 0) return;
  const longest = rows.reduce((most, row) => (row.loop > most.loop ? row : most));
  console.table(rows);
  process.stdout.write(
    `longest hold of the loop: ${longest.loop} ms (${longest.name}); over 100 ms: ${rows.filter(({ loop }) => loop > 100).length} of ${rows.length}; ` +
      `longest /healthz ${Math.max(...rows.map(({ healthz }) => healthz))} ms; most memory ${Math.max(...rows.map(({ rss }) => rss))} MiB\n`,
  );
}

function send({ path, type, body }: Sent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const length = Buffer.byteLength(body);
    const sent = request(
      new URL(path, service.url),
      { method: 'POST', headers: { 'content-type': type, 'content-length': length }, timeout: patienceMs },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
        answer.on('error', reject);
      },
    );
    const late = setTimeout(() => sent.destroy(new Error('no answer')), patienceMs);
    sent.on('error', reject);
    sent.on('close', () => clearTimeout(late));
    sent.end(body);
  });
}

async function start() {
  const child: ChildProcess = fork(fileURLToPath(new URL('./service-child.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PORT: '0',
      THINKFIRST_DATA: data.path,
      THINKFIRST_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const found = /^ {2}url +(\S+)$/m.exec(output)?.[1];
      if (found !== undefined && /^ {2}data .*\n/m.test(output)) resolve(found);
    });
    child.once('exit', () => reject(new Error(`the service ended: ${output}`)));
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    url,
    async read() {
      child.send('read');
      const [answer] = await once(child, 'message');
      return Reading.parse(answer);
    },
    /** Sends requests on one connection until it is stopped; returns the longest response time in ms. */
    probeHealth() {
      let over = false;
      let longest = 0;
      const probing = (async () => {
        while (!over) {
          const startedAt = performance.now();
          await new Promise<void>((resolve) => {
            const sent = request(new URL('/healthz', url), { agent }, (answer) => answer.resume().on('close', resolve));
            sent.on('error', () => resolve());
            sent.end();
          });
          longest = Math.max(longest, performance.now() - startedAt);
          await new Promise((resolve) => setTimeout(resolve, healthEveryMs));
        }
      })();
      return {
        async stop() {
          over = true;
          await probing;
          return longest;
        },
      };
    },
    async close() {
      agent.destroy();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

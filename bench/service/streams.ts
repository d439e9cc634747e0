import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { compiled } from '../../src/core/compiled.mjs';

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
const Port = z.object({ port: z.number() });
const Answer = z.object({ value: z.number() });

/** What a process of the benchmark can be asked: a figure, or to begin to work. */
export const Ask = z.enum(['residentBytes', 'processorMs', 'waitingJobs', 'work']);
export type Ask = z.infer<typeof Ask>;

export type ServiceProcess = { url: string; ask(ask: Ask): Promise<number>; close(): Promise<void> };

/** An API over Redis, a worker for it, or both on the embedded queue. */
export async function startServiceProcess(args: readonly string[]): Promise<ServiceProcess> {
  const child = await start('./service-child.ts', args);
  const [told] = await once(child, 'message');
  return {
    url: `http://127.0.0.1:${Port.parse(told).port}`,
    async ask(ask) {
      child.send(ask);
      const [answer] = await once(child, 'message');
      return Answer.parse(answer).value;
    },
    close: () => end(child),
  };
}

export const OpenStreams = z.object({ url: z.string(), count: z.number(), body: z.looseObject({}) });
type OpenStreams = z.infer<typeof OpenStreams>;

/** A process that opens event streams and reads each to its end. */
export async function startStreamClients(): Promise<{
  open(streams: OpenStreams): void;
  /** The streams that did not reach their end, or missed or repeated an event. */
  dropped(): Promise<number>;
  close(): Promise<void>;
}> {
  const child = await start('./clients-child.ts', []);
  return {
    open: (streams) => void child.send(streams),
    async dropped() {
      child.send('dropped');
      const [answer] = await once(child, 'message');
      return Answer.parse(answer).value;
    },
    close: () => end(child),
  };
}

/** Compiled as the product's processes are: the TypeScript loader gives each closure a name, which is a tenth of a stream's memory. */
async function start(module: string, args: readonly string[]): Promise<ChildProcess> {
  const file = await compiled(new URL(module, import.meta.url));
  return fork(fileURLToPath(file), [...args], { execArgv: ['--expose-gc'] });
}

async function end(child: ChildProcess): Promise<void> {
  child.disconnect();
  await once(child, 'exit');
}

type StreamRead = { id: string; numbers: number[]; firstTokenMs: number; ended: boolean };

/** Reads an event stream and disconnects after `leaveAfter` events. */
export function readStream(
  url: string,
  options: { body?: object; read: StreamRead; leaveAfter?: number },
): Promise<StreamRead> {
  const { read, leaveAfter = Number.POSITIVE_INFINITY } = options;
  const startedAt = performance.now();
  const method = options.body ? 'POST' : 'GET';
  return new Promise((resolve) => {
    const sent = request(url, { method, agent, headers: { 'content-type': 'application/json' } }, (response) => {
      let rest = '';
      let seen = 0;
      response.on('data', (chunk: Buffer) => {
        rest += chunk.toString();
        const blocks = rest.split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = /^data: (\{.*)$/m.exec(block)?.[1];
          if (data === undefined || seen >= leaveAfter) continue;
          seen += 1;
          take(JSON.parse(data), read, startedAt);
          if (seen === leaveAfter) response.destroy();
        }
      });
      response.on('close', () => resolve(read));
      response.on('error', () => resolve(read));
    });
    sent.on('error', () => resolve(read));
    sent.end(options.body ? JSON.stringify(options.body) : undefined);
  });
}

export function newRead(): StreamRead {
  return { id: '', numbers: [], firstTokenMs: Number.NaN, ended: false };
}

const Event = z.looseObject({
  type: z.string(),
  sequence_number: z.number(),
  response: z.looseObject({ id: z.string(), status: z.string() }).optional(),
});

export function gapless(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number === index);
}

function take(raw: unknown, read: StreamRead, startedAt: number): void {
  const event = Event.parse(raw);
  read.numbers.push(event.sequence_number);
  if (event.response) read.id = event.response.id;
  if (event.type === 'response.output_text.delta' && Number.isNaN(read.firstTokenMs)) {
    read.firstTokenMs = performance.now() - startedAt;
  }
  read.ended ||= /^response\.(completed|incomplete|failed)$/.test(event.type);
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
const Port = z.object({ port: z.number() });
const Memory = z.object({ bytes: z.number() });

type ApiProcess = {
  url: string;
  /** After garbage collection, because the amount of garbage at any moment is random. */
  residentBytes(): Promise<number>;
  close(): Promise<void>;
};

export async function startApiProcess(args: readonly string[]): Promise<ApiProcess> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./api-child.ts', import.meta.url)), [...args], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  });
  const [told] = await once(child, 'message');
  return {
    url: `http://127.0.0.1:${Port.parse(told).port}`,
    async residentBytes() {
      child.send('memory');
      const [answer] = await once(child, 'message');
      return Memory.parse(answer).bytes;
    },
    async close() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
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

function take(raw: unknown, read: StreamRead, startedAt: number): void {
  const event = Event.parse(raw);
  read.numbers.push(event.sequence_number);
  if (event.response) read.id = event.response.id;
  if (event.type === 'response.output_text.delta' && Number.isNaN(read.firstTokenMs)) {
    read.firstTokenMs = performance.now() - startedAt;
  }
  read.ended ||= /^response\.(completed|incomplete|failed)$/.test(event.type);
}

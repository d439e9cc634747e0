import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WebSocket } from 'ws';
import { createNormaliser, type Normaliser } from './normaliser.ts';

/** Of what came, an `any`: the corpus only passes on what it reads. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Json = any;

type Asked = {
  body?: unknown;
  /** Sent as it is, in the place of `body`. */
  raw?: string | FormData;
  headers?: Readonly<Record<string, string>>;
  /** Asks again until this holds; only the last answer is written. */
  until?(answer: Json): boolean;
  /** A list whose order within one second is by chance: written in the order of its ids. */
  unordered?: true;
  /** Writes status, headers and the body's type alone: what stands in it depends on time or place. */
  bodyless?: true;
};

export type Wire = {
  /** Sends one request, writes down what came, and gives the JSON (of a stream: its events). */
  send(name: string, route: `${string} /${string}`, asked?: Asked): Promise<Json>;
  /** Sends messages over one web socket, each after the last event of the one before. */
  socket(name: string, messages: readonly object[]): Promise<void>;
  write(name: string, text: string): Promise<void>;
  /** Reads a stream until this has come, and goes away; nothing is written down. */
  saw(path: string, text: string): Promise<void>;
  /** How many requests were written down. */
  count(): number;
  /** The newest id that a collection (`/v1/files`) gave, where it gave any. */
  idOf(collection: string): string | undefined;
};

/** What is polled has come by then, on a busy machine too. */
const pollingMs = 120_000;

/** Names of headers that differ with the machine, the time or Node's version. */
const unheld = ['date', 'connection', 'keep-alive', 'transfer-encoding', 'content-length', 'etag', 'last-modified'];
const timed = /^(openai-processing-ms|retry-after|.*ratelimit-(reset|remaining-tokens).*|.*ratelimit.*-reset)$/;

/** Requests to the service at `url`, one after the other, each with its answer in a file of its own below `folder`. */
export function createWire({
  url,
  folder,
  texts,
}: {
  url: string;
  folder: string;
  texts: Record<string, string>;
}): Wire {
  const normal = createNormaliser({ ...texts, [url]: 'http://service', [new URL(url).host]: 'service' });
  const ids = new Map<string, string>();
  let count = 0;

  const write = async (name: string, text: string) => {
    const file = join(folder, `${name}.txt`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { flag: 'wx' });
  };
  const shown = (value: unknown) => JSON.stringify(normal.json(value), null, 1);

  async function exchange(route: string, { body, raw, headers = {} }: Asked) {
    const [method = 'GET', path = '/'] = route.split(' ');
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const type = sent === undefined || sent instanceof FormData ? {} : { 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...type, ...headers },
      redirect: 'manual',
      ...(sent !== undefined && { body: sent }),
    });
    const text = await response.text();
    // What takes long is begun with white space and two headers against buffering: whether it does depends on time.
    const late = text.startsWith(' ') ? ['cache-control', 'x-accel-buffering'] : [];
    const held = [...response.headers].filter(([header]) => ![...unheld, ...late].includes(header));
    return { response, held, ...read(text, response.headers.get('content-type') ?? '', normal) };
  }

  return {
    async send(name, route, asked = {}) {
      let answered = await exchange(route, asked);
      const patience = AbortSignal.timeout(pollingMs);
      while (asked.until !== undefined && !asked.until(answered.json)) {
        if (patience.aborted)
          throw new Error(`${name} did not come to what was waited for: ${JSON.stringify(answered.json)}`);
        answered = await exchange(route, asked);
      }
      const { response, held, json, lines } = answered;
      const path = route.replace(/^\w+ |\?.*/g, '');
      const id = (route.startsWith('POST') ? json?.id : undefined) ?? json?.data?.[0]?.id;
      if (response.ok && typeof id === 'string') ids.set(path, id);
      const request = asked.body === undefined ? [] : [shown(asked.body)];
      if (typeof asked.raw === 'string') request.push(normal.text(asked.raw));
      const headers = held.map(([header, value]) => `${header}: ${timed.test(header) ? '<time>' : normal.text(value)}`);
      const content = asked.bodyless ? [] : asked.unordered ? [shown(ordered(json, normal))] : lines;
      count += 1;
      await write(
        name,
        [normal.text(route), ...request, '', `${response.status}`, ...headers, '', ...content, ''].join('\n'),
      );
      return json;
    },
    async socket(name, messages) {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/responses`);
      const arrived: string[] = [];
      const left = [...messages];
      const next = () => {
        const message = left.shift();
        if (message === undefined) return socket.close();
        arrived.push(`> ${shown(message)}`);
        socket.send(JSON.stringify(message));
      };
      await new Promise<void>((resolve, reject) => {
        socket
          .on('open', next)
          .on('error', reject)
          .on('close', (code) => {
            arrived.push(`closed ${code}`);
            resolve();
          });
        socket.on('message', (data) => {
          const event: Json = JSON.parse(String(data));
          arrived.push(`< ${JSON.stringify(normal.json(event))}`);
          if (/^(response\.(completed|incomplete|failed)|error)$/.test(event.type)) next();
        });
      });
      count += 1;
      await write(name, `${arrived.join('\n')}\n`);
    },
    write,
    async saw(path, text) {
      const { body } = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(pollingMs) });
      let read = '';
      for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) {
        read += piece;
        if (read.includes(text)) return;
      }
      throw new Error(`${text} did not come: ${read}`);
    },
    count: () => count,
    idOf: (collection) => ids.get(collection),
  };
}

function ordered(list: Json, normal: Normaliser): Json {
  return {
    ...list,
    data: list.data.toSorted((one: Json, other: Json) => normal.text(one.id).localeCompare(normal.text(other.id))),
  };
}

/** A line of Ollama's that only says that the service is still at it: whether one comes depends on time. */
const idle = /"content":""},"done":false}$/;

/** A body and how it is written: JSON over several lines, lines of JSON and server-sent events on one each, or text. */
function read(text: string, type: string, normal: Normaliser): { json: Json; lines: string[] } {
  const compact = (value: unknown) => JSON.stringify(normal.json(value));
  if (type.startsWith('text/event-stream')) {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith(':'));
    const data = (line: string): Json[] => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []);
    return {
      json: lines.flatMap(data),
      lines: lines.map((line) => data(line).map((json) => `data: ${compact(json)}`)[0] ?? normal.text(line)),
    };
  }
  if (!type.includes('json')) return { json: text, lines: [normal.text(text)] };
  const texts = text.split('\n').filter((line) => line !== '');
  if (texts.length === 1) {
    const json: Json = JSON.parse(text);
    return { json, lines: [JSON.stringify(normal.json(json), null, 1)] };
  }
  const each: Json[] = texts.filter((line) => !idle.test(line)).map((line) => JSON.parse(line));
  return { json: each, lines: each.map(compact) };
}

import { setTimeout } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { z } from 'zod';
import { answerWords } from './chaos-model.ts';

export type Kind = 'waiting' | 'streaming' | 'background' | 'cancelled';

/** What one client asked for and everything that it read, over however many connections. */
export type Account = {
  job: string;
  kind: Kind;
  poisoned: boolean;
  body: Readonly<Record<string, unknown>>;
  /** Set once any answer told it: from then on the response is accepted. */
  id: string | undefined;
  /** Terminal statuses that were read, in order of reading. */
  endings: string[];
  /** Each event that was read, as text, by its number; a number that came with two texts is in `contradictions`. */
  events: Map<number, string>;
  contradictions: string[];
  reconnects: number;
  refused: number;
};

type Reading = { account: Account; urls: readonly string[]; signal: AbortSignal; random(): number };

/** Behaves as one kind of client, through outages, until its response has ended or `signal` is aborted. */
export async function runClient(reading: Reading): Promise<void> {
  const { account, signal } = reading;
  while (!signal.aborted && account.endings.length === 0) {
    try {
      if (account.id === undefined || account.kind === 'waiting') await create(reading);
      else if (account.kind === 'streaming') await follow(reading);
      else await poll(reading);
    } catch {
      // A connection that broke, or a refusal: another replica may be there.
      account.reconnects += 1;
    }
    await setTimeout(100 + reading.random() * 200);
  }
}

async function create(reading: Reading): Promise<void> {
  const { account } = reading;
  const response = await request(reading, 'POST', '/v1/responses', account.body, {
    // The same key again after a broken connection is the same response.
    'idempotency-key': account.job,
  });
  if (account.kind === 'streaming') return read(account, response);
  take(account, await shown(response));
  if (account.kind === 'cancelled') await setTimeout(reading.random() * 3_000);
  if (account.kind === 'cancelled') await cancel(reading);
}

async function follow(reading: Reading): Promise<void> {
  const { account } = reading;
  const last = Math.max(-1, ...account.events.keys());
  const after = last < 0 ? '' : `&starting_after=${last}`;
  await read(account, await request(reading, 'GET', `/v1/responses/${account.id}?stream=true${after}`));
}

async function poll(reading: Reading): Promise<void> {
  const { account } = reading;
  if (account.kind === 'cancelled') await cancel(reading);
  const response = await request(reading, 'GET', `/v1/responses/${account.id}?wait=5`);
  take(account, await shown(response));
}

async function cancel(reading: Reading): Promise<void> {
  take(reading.account, await shown(await request(reading, 'POST', `/v1/responses/${reading.account.id}/cancel`)));
}

async function request(
  { account, urls, signal, random }: Reading,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const url = urls[Math.floor(random() * urls.length)];
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
  });
  if (response.ok) return response;
  if (response.status === 503 || response.status === 429) account.refused += 1;
  else account.contradictions.push(`${method} ${path} gave ${response.status}: ${await response.text()}`);
  throw new Error(`status ${response.status}`);
}

type Shown = { id?: string; status?: string };

const Shown = z.object({ id: z.string().exactOptional(), status: z.string().exactOptional() });

async function shown(response: Response): Promise<Shown> {
  return Shown.parse(await response.json());
}

function take(account: Account, response: Shown): void {
  if (response.id !== undefined && account.id !== undefined && account.id !== response.id) {
    account.contradictions.push(`the id was ${account.id} and is ${response.id}`);
  }
  account.id ??= response.id;
  if (response.status && isTerminal(response.status)) account.endings.push(response.status);
}

/** Reads an event stream to its end; throws where it breaks off before the terminal event. */
export async function read(account: Account, response: Response): Promise<void> {
  if (!response.body) throw new Error('no body');
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) {
    if (data === '[DONE]') return;
    const event: { type: string; sequence_number: number; response?: Shown } = JSON.parse(data);
    // The backend was away: it stands outside the log, under the number that was read last.
    if (event.type === 'error') throw new Error('the stream broke off');
    const before = account.events.get(event.sequence_number);
    if (before !== undefined && before !== data) {
      account.contradictions.push(`event ${event.sequence_number} was ${before} and is ${data}`);
    }
    account.events.set(event.sequence_number, data);
    if (event.response) take(account, event.response);
  }
  if (account.endings.length === 0) throw new Error('the stream broke off');
}

export function isTerminal(status: string): boolean {
  return ['completed', 'incomplete', 'failed', 'cancelled'].includes(status);
}

/** Text that the client has read in deltas. */
export function textRead(account: Account): string {
  return [...account.events.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, data]) => JSON.parse(data))
    .map((event: { type: string; delta?: string }) => (event.type === 'response.output_text.delta' ? event.delta : ''))
    .join('');
}

/** A request of one kind: fast, one long chain, or the default strategy with several. */
export function createAccount(options: { number: number; kind: Kind; depth: number; poison?: string }): Account {
  const { number, kind, depth, poison } = options;
  const job = `job-${number}`;
  const shapes = [
    { mode: 'fast' },
    { reasoning: { effort: 'medium', strategy: 'budget-forcing' } },
    { reasoning: { effort: 'medium', strategy: 'self-consistency', samples: 3 } },
    { reasoning: { effort: 'medium', samples: 4 } },
  ];
  const kinds = {
    waiting: {},
    streaming: { stream: true },
    background: { background: true },
    cancelled: { background: true },
  };
  return {
    job,
    kind,
    poisoned: poison !== undefined,
    body: {
      input: `${job} ${poison ?? 'says something'}`,
      max_output_tokens: 2_000 + answerWords,
      ...shapes[depth % shapes.length],
      ...kinds[kind],
    },
    id: undefined,
    endings: [],
    events: new Map(),
    contradictions: [],
    reconnects: 0,
    refused: 0,
  };
}

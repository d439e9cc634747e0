import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { TraceStep } from '../../src/contracts/responses/trace.ts';
import { answerWords, type ModelCall, readWords } from './chaos-model.ts';
import { type Account, isTerminal, read, textRead } from './client.ts';
import { type Outage, unkeptCalls } from './judge-calls.ts';

/** What came of all accepted responses. `faults` must be empty. */
export type Verdict = {
  sent: number;
  accepted: number;
  ended: Record<string, number>;
  lost: number;
  doubled: number;
  /** Of responses whose workers died too often. */
  workersDied: number;
  modelCalls: number;
  /** Rows that were begun and whose result no log holds: what a killed attempt was about. */
  rowsBegun: number;
  rowsKept: number;
  rowsThoughtAgain: number;
  /** Rows that were finished and could not be written, since the backend was away for longer than a lock surely holds. */
  rowsLostWithBackend: number;
  faults: string[];
};

const Shown = z.object({
  status: z.string(),
  output_text: z.string(),
  error: z.object({ message: z.string() }).nullable(),
});
const Trace = z.object({ steps: z.array(TraceStep) });

/** Reads every accepted response again, whole, from each replica, and compares it with what its client had read. */
export async function judge(options: {
  accounts: readonly Account[];
  urls: readonly string[];
  ledger: string;
  /** Process ids of workers that were paused, once for each pause. */
  pauses: readonly number[];
  outages: readonly Outage[];
}): Promise<Verdict> {
  const { accounts, urls, pauses, outages } = options;
  const calls = callsByJob(options.ledger);
  const verdict: Verdict = {
    sent: accounts.length,
    accepted: 0,
    ended: {},
    lost: 0,
    doubled: 0,
    workersDied: 0,
    modelCalls: [...calls.values()].reduce((sum, own) => sum + own.length, 0),
    rowsBegun: 0,
    rowsKept: 0,
    rowsThoughtAgain: 0,
    rowsLostWithBackend: 0,
    faults: [],
  };
  for (const account of accounts) {
    if (account.id === undefined) continue;
    verdict.accepted += 1;
    await judgeOne(account, { urls, calls: calls.get(account.job) ?? [], pauses, outages, verdict });
  }
  return verdict;
}

type About = {
  calls: readonly ModelCall[];
  pauses: readonly number[];
  outages: readonly Outage[];
  verdict: Verdict;
};

async function judgeOne(account: Account, { urls, ...about }: About & { urls: readonly string[] }): Promise<void> {
  const { verdict } = about;
  const fault = (text: string) => verdict.faults.push(`${account.job} (${account.kind}, ${account.id}): ${text}`);
  account.contradictions.forEach(fault);
  const shown = await again(async () =>
    Shown.parse(await (await fetch(`${urls[0]}/v1/responses/${account.id}`)).json()),
  );
  if (!isTerminal(shown.status)) {
    verdict.lost += 1;
    return void fault(`still ${shown.status}`);
  }
  verdict.ended[shown.status] = (verdict.ended[shown.status] ?? 0) + 1;
  if (shown.status === 'failed' && /workers that ran/.test(shown.error?.message ?? '')) verdict.workersDied += 1;
  for (const ending of account.endings) if (ending !== shown.status) fault(`read ${ending}, is ${shown.status}`);

  const before = textRead(account);
  for (const url of urls) {
    const whole = await again(async () => {
      const reader: Account = { ...account, events: new Map(), endings: [], contradictions: [] };
      await read(reader, await fetch(`${url}/v1/responses/${account.id}?stream=true`));
      return reader;
    });
    const numbers = [...whole.events.keys()].sort((a, b) => a - b);
    if (numbers.some((number, index) => number !== index)) fault(`event numbers ${numbers.join(' ')}`);
    const terminals = [...whole.events.values()].filter((data) =>
      /^\{"type":"response\.(completed|incomplete|failed)"/.test(data),
    );
    if (terminals.length !== 1) {
      verdict.doubled += 1;
      fault(`${terminals.length} terminal events`);
    }
    for (const [number, data] of account.events) {
      if (whole.events.get(number) !== data)
        fault(`event ${number} was read as ${data}, is ${whole.events.get(number)}`);
    }
    if (!textRead(whole).startsWith(before)) fault(`the text that was read is contradicted: ${before}`);
    if (textRead(whole) !== shown.output_text) fault(`deltas and output_text differ: ${shown.output_text}`);
  }
  judgeText(shown, fault);
  await judgeSteps(account, { ...about, url: urls[0] ?? '', shown: shown.output_text, fault });
}

/** Words count up by one from the first, whichever calls they are from. */
function judgeText(shown: { status: string; output_text: string }, fault: (text: string) => void): void {
  const places = readWords(shown.output_text).map(({ index }) => index);
  if (places.some((place, index) => place !== index)) fault(`words out of order: ${shown.output_text}`);
  if (shown.status === 'completed' && places.length !== answerWords) fault(`${places.length} words in the answer`);
}

/** Kept steps are not thought again. */
async function judgeSteps(
  account: Account,
  about: About & { url: string; shown: string; fault(text: string): void },
): Promise<void> {
  const { calls, verdict, fault } = about;
  const trace = await again(async () =>
    Trace.parse(await (await fetch(`${about.url}/v1/responses/${account.id}/trace`)).json()),
  );
  const indexes = trace.steps.map(({ index }) => index);
  if (new Set(indexes).size !== indexes.length) fault(`trace steps ${indexes.join(' ')}`);
  const thoughts = new Map<string, Set<string>>();
  for (const { phase, sample, text } of trace.steps) {
    if (phase !== 'think') continue;
    const rows = thoughts.get(`${sample}`) ?? new Set();
    for (const { call, row } of readWords(text ?? '')) rows.add(`${call}-${row}`);
    thoughts.set(`${sample}`, rows);
  }
  for (const [sample, rows] of thoughts) if (rows.size > 1) fault(`chain ${sample} was thought by ${[...rows]}`);
  const texts = [about.shown, ...trace.steps.flatMap(({ text, answer_text }) => [text ?? '', answer_text ?? ''])];
  const kept = new Set(texts.flatMap(readWords).map(({ call, row }) => `${call}-${row}`));
  const begun = calls.reduce((sum, { rows }) => sum + rows, 0);
  verdict.rowsBegun += begun;
  verdict.rowsKept += [...kept].length;
  const rowsOf = (some: readonly ModelCall[]) => some.reduce((sum, { rows }) => sum + rows, 0);
  const isKept = ({ call }: ModelCall) => [...kept].some((row) => row.startsWith(call));
  for (const { of, thoughtAgain, lostWithBackend } of unkeptCalls({ ...about, isKept })) {
    verdict.rowsThoughtAgain += rowsOf(thoughtAgain);
    verdict.rowsLostWithBackend += rowsOf(lostWithBackend);
    if (thoughtAgain.length === 0) continue;
    fault(`${thoughtAgain.map(({ call }) => call)} of ${of} calls of one process left nothing in the log`);
  }
}

/** A poisoned request may still kill the process that is asked: until it is back. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await work();
    } catch (error) {
      if (round === 120) throw error;
      await setTimeout(1_000);
    }
  }
}

function callsByJob(file: string): Map<string, ModelCall[]> {
  const calls = new Map<string, ModelCall[]>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    const call: ModelCall = JSON.parse(line);
    calls.set(call.job, [...(calls.get(call.job) ?? []), call]);
  }
  return calls;
}

import { readFileSync } from 'node:fs';
import { type Account, isTerminal, read, textRead } from './client.ts';
import { answerWords, type ModelCall, readWords } from './chaos-model.ts';

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
  faults: string[];
};

type Step = { index: number; phase: string; sample: number | null; text: string | null; answer_text?: string };

/** Reads every accepted response again, whole, from each replica, and compares it with what its client had read. */
export async function judge(options: {
  accounts: readonly Account[];
  urls: readonly string[];
  ledger: string;
}): Promise<Verdict> {
  const { accounts, urls } = options;
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
    faults: [],
  };
  for (const account of accounts) {
    if (account.id === undefined) continue;
    verdict.accepted += 1;
    await judgeOne(account, { urls, calls: calls.get(account.job) ?? [], verdict });
  }
  return verdict;
}

async function judgeOne(
  account: Account,
  { urls, calls, verdict }: { urls: readonly string[]; calls: readonly ModelCall[]; verdict: Verdict },
): Promise<void> {
  const fault = (text: string) => verdict.faults.push(`${account.job} (${account.kind}, ${account.id}): ${text}`);
  account.contradictions.forEach(fault);
  const shown: { status: string; output_text: string; error: { message: string } | null } = await (
    await fetch(`${urls[0]}/v1/responses/${account.id}`)
  ).json();
  if (!isTerminal(shown.status)) {
    verdict.lost += 1;
    return void fault(`still ${shown.status}`);
  }
  verdict.ended[shown.status] = (verdict.ended[shown.status] ?? 0) + 1;
  if (shown.status === 'failed' && /workers that ran/.test(shown.error?.message ?? '')) verdict.workersDied += 1;
  for (const ending of account.endings) if (ending !== shown.status) fault(`read ${ending}, is ${shown.status}`);

  const before = textRead(account);
  for (const url of urls) {
    const whole: Account = { ...account, events: new Map(), endings: [], contradictions: [] };
    await read(whole, await fetch(`${url}/v1/responses/${account.id}?stream=true`));
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
      if (whole.events.get(number) !== data) fault(`event ${number} was read as ${data}, is ${whole.events.get(number)}`);
    }
    if (!textRead(whole).startsWith(before)) fault(`the text that was read is contradicted: ${before}`);
    if (textRead(whole) !== shown.output_text) fault(`deltas and output_text differ: ${shown.output_text}`);
  }
  judgeText(shown, fault);
  await judgeSteps(account, { url: urls[0] ?? '', calls, verdict, fault });
}

/** Words count up by one from the first, whichever calls they are from. */
function judgeText(shown: { status: string; output_text: string }, fault: (text: string) => void): void {
  const places = readWords(shown.output_text).map(({ index }) => index);
  if (places.some((place, index) => place !== index)) fault(`words out of order: ${shown.output_text}`);
  if (shown.status === 'completed' && places.length !== answerWords) fault(`${places.length} words in the answer`);
}

/**
 * Kept steps are not thought again: of each process that ran the response, only its last two calls may have no kept result
 * (the one that it died in, and the one whose result was on its way to the log).
 */
async function judgeSteps(
  account: Account,
  about: { url: string; calls: readonly ModelCall[]; verdict: Verdict; fault(text: string): void },
): Promise<void> {
  const { calls, verdict, fault } = about;
  const trace: { steps: Step[] } = await (await fetch(`${about.url}/v1/responses/${account.id}/trace`)).json();
  const indexes = trace.steps.map(({ index }) => index);
  if (new Set(indexes).size !== indexes.length) fault(`trace steps ${indexes.join(' ')}`);
  const chains = trace.steps.filter(({ phase }) => phase === 'draft' || phase === 'think');
  const names = chains.map(({ phase, sample }) => `${phase} ${sample}`);
  if (new Set(names).size !== names.length) fault(`a chain was thought twice: ${names.join(', ')}`);
  const kept = new Set(
    trace.steps.flatMap(({ text, answer_text }) =>
      readWords(`${text ?? ''} ${answer_text ?? ''}`).map(({ call, row }) => `${call}-${row}`),
    ),
  );
  const begun = calls.reduce((sum, { rows }) => sum + rows, 0);
  verdict.rowsBegun += begun;
  verdict.rowsKept += [...kept].length;
  const byProcess = new Map<number, ModelCall[]>();
  for (const call of calls) byProcess.set(call.inference, [...(byProcess.get(call.inference) ?? []), call]);
  for (const own of byProcess.values()) {
    for (const call of own.slice(0, -2)) {
      if ([...kept].some((row) => row.startsWith(call.call))) continue;
      verdict.rowsThoughtAgain += call.rows;
      fault(`call ${call.call} of ${own.length} calls of one process left nothing in the log`);
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

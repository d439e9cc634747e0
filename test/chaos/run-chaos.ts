import { existsSync, readFileSync } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { startRedisLink } from '../support/redis-link.ts';
import { startTestRedis } from '../support/redis-server.ts';
import { type ModelCall, poison } from './chaos-model.ts';
import { type Account, createAccount, type Kind, runClient } from './client.ts';
import { commitFault, drawFault, type FaultName, faultNames, type Targets } from './faults.ts';
import { type Member, startMember } from './fleet.ts';
import { judge, type Verdict } from './judge.ts';

export type ChaosOptions = {
  mode: 'redis' | 'embedded';
  kills: number;
  minutes: number;
  seed: number;
  /** Responses in flight at a time. */
  clients: number;
  /** Poisoned requests among them. */
  poisoned: number;
  /** Kinds of faults; absent: all. */
  only?: readonly FaultName[];
  /** Once aborted no more faults come: the run settles and is judged. */
  enough?: AbortSignal;
  log(text: string): void;
};

export type ChaosReport = Verdict & {
  mode: string;
  seed: number;
  seconds: number;
  faultCounts: Record<string, number>;
};

const kinds: readonly Kind[] = ['waiting', 'streaming', 'streaming', 'background', 'cancelled'];
/** For a look at what the processes said. */
const keepsFiles = process.env['CHAOS_KEEP'] === '1';
/** After the last fault: locks run out (14 s), poisoned requests take three processes along, and what is in flight ends. */
const settleMs = 300_000;

/** Runs the service under load while things die, lets it settle, and judges what came of each accepted response. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { mode, seed, log } = options;
  const startedAt = performance.now();
  const random = randomOf(seed);
  const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-chaos-'));
  const ledger = join(folder, 'calls.jsonl');
  await appendFile(ledger, '');
  const redis = mode === 'redis' ? await startTestRedis() : undefined;
  const link = redis && (await startRedisLink(redis.url));
  const environment = {
    THINKFIRST_MODELS: fileURLToPath(new URL('../../models/thinkfirst-135m', import.meta.url)),
    THINKFIRST_DATA: join(folder, 'data'),
    // A client whose connection a fault has cut did not go away.
    THINKFIRST_CANCEL_ON_DISCONNECT: '0',
    THINKFIRST_LOG_LEVEL: keepsFiles ? 'info' : 'warn',
    CHAOS_LEDGER: ledger,
    ...(link && { REDIS_URL: link.url, REDIS_PREFIX: 'chaos', THINKFIRST_CONCURRENCY: '6' }),
  };
  const halves = mode === 'redis' ? (['serve', 'serve', 'worker', 'worker', 'worker'] as const) : (['start'] as const);
  const members = await Promise.all(
    halves.map((half, index) =>
      startMember({
        name: `${half} ${index}`,
        half,
        environment,
        onLog: (line) => void appendFile(join(folder, `${half}-${index}.log`), `${line}\n`),
      }),
    ),
  );
  const stop = new AbortController();
  const accounts: Account[] = [];
  try {
    await Promise.all(members.map((member) => member.up()));
    log(`${members.length} processes are up after ${seconds(startedAt)} s; files in ${folder}`);
    const urls = members.flatMap(({ url }) => (url === '' ? [] : [url]));
    const loading = new AbortController();
    const clients = Array.from({ length: options.clients }, async (_, place) => {
      while (!loading.signal.aborted) {
        const number = accounts.length;
        const poisoned = place === 0 && number > 0 && accounts.filter((one) => one.poisoned).length < options.poisoned;
        const kind = poisoned ? 'background' : (kinds[Math.floor(random() * kinds.length)] ?? 'waiting');
        const depth = Math.floor(random() * 4);
        const account = createAccount({ number, kind, depth, ...(poisoned && { poison }) });
        accounts.push(account);
        await runClient({ account, urls, signal: stop.signal, random });
      }
    });
    const targets: Targets = {
      ...callReader(ledger, members),
      apis: members.filter(({ half }) => half !== 'worker'),
      workers: members.filter(({ half }) => half !== 'serve'),
      redis,
      link,
      accounts,
      pauseMs: 16_000,
      pauses: [],
      outages: [],
      signal: stop.signal,
      random,
      kinds: options.only ?? faultNames,
    };
    const faultCounts = await faults(targets, options);
    loading.abort();
    log(`the last fault was after ${seconds(startedAt)} s, ${accounts.length} requests; settling`);
    await Promise.race([Promise.all(clients), setTimeout(settleMs, undefined, { ref: false })]);
    await Promise.all(members.map((member) => member.up()));
    const verdict = await judge({ ...targets, accounts, urls, ledger });
    return { mode, seed, seconds: seconds(startedAt), faultCounts, ...verdict };
  } finally {
    stop.abort();
    await Promise.all(members.map((member) => member.stop()));
    await link?.close();
    await redis?.close();
    if (!keepsFiles) await rm(folder, { recursive: true, force: true });
  }
}

/** Faults at random moments over the time; one that finds nothing to hit is made up for. */
async function faults(
  targets: Targets,
  { kills, minutes, enough, log }: Pick<ChaosOptions, 'kills' | 'minutes' | 'enough' | 'log'>,
): Promise<Record<string, number>> {
  const counts: Partial<Record<FaultName, number>> = {};
  const meanMs = (minutes * 60_000) / kills;
  for (let done = 0; done < kills && enough?.aborted !== true; ) {
    await setTimeout(targets.random() * 2 * meanMs);
    let name = drawFault(targets);
    // What is not there at the moment comes a little later.
    while (!(await commitFault(name, targets))) {
      await setTimeout(200);
      name = drawFault(targets);
    }
    done += 1;
    counts[name] = (counts[name] ?? 0) + 1;
    log(`${done}: ${name}; ${targets.accounts.length} requests`);
  }
  return counts;
}

/** Reads who runs what from the file that models write. */
function callReader(ledger: string, members: readonly Member[]): Pick<Targets, 'inferenceOf' | 'workerOf'> {
  const calls = (): ModelCall[] =>
    readFileSync(ledger, 'utf8')
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  const lives = (pid: number) => existsSync(`/proc/${pid}`);
  return {
    inferenceOf: (worker) => {
      const pid = calls().findLast((call) => call.worker === worker)?.inference;
      return pid !== undefined && lives(pid) ? pid : undefined;
    },
    workerOf: (job) => {
      const pid = calls().findLast((call) => call.job === job)?.worker;
      return members.some((member) => member.pid === pid) ? pid : undefined;
    },
  };
}

function randomOf(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  return () => (generator.next() >>> 0) / 2 ** 32;
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10;
}

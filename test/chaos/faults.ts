import { setTimeout } from 'node:timers/promises';
import type { RedisLink } from '../support/redis-link.ts';
import type { TestRedis } from '../support/redis-server.ts';
import type { Account } from './client.ts';
import type { Member } from './fleet.ts';
import type { Outage } from './judge-calls.ts';

/** What a fault may hit, and how it finds out who runs what. */
export type Targets = {
  apis: readonly Member[];
  workers: readonly Member[];
  redis: TestRedis | undefined;
  /** What all processes reach Redis through. */
  link: RedisLink | undefined;
  accounts: readonly Account[];
  /** The inference processes of a member's process, by what its models wrote down. */
  inferenceOf(worker: number): number | undefined;
  workerOf(job: string): number | undefined;
  /** ms that a paused process sleeps: longer than the lock. */
  pauseMs: number;
  /** Process ids that were paused, once for each time. */
  pauses: number[];
  /** Times at which Redis was away. */
  outages: Outage[];
  signal: AbortSignal;
  random(): number;
  /** The kinds that may come. */
  kinds: readonly FaultName[];
};

export const faultNames = ['api', 'worker', 'inference', 'redis', 'away', 'cut', 'pause', 'answer'] as const;
export type FaultName = (typeof faultNames)[number];

/** How often each kind comes, of 100. */
const weights: Record<FaultName, number> = {
  api: 20,
  worker: 25,
  inference: 20,
  redis: 8,
  away: 2,
  cut: 5,
  pause: 5,
  answer: 15,
};

export function drawFault(targets: Targets): FaultName {
  const ofRedis: readonly FaultName[] = ['redis', 'away', 'cut'];
  const possible = targets.kinds.filter((name) => targets.redis !== undefined || !ofRedis.includes(name));
  let place = targets.random() * possible.reduce((sum, name) => sum + weights[name], 0);
  for (const name of possible) {
    place -= weights[name];
    if (place < 0) return name;
  }
  return 'worker';
}

/** Commits a fault; false where there was nothing to hit. */
export async function commitFault(name: FaultName, targets: Targets): Promise<boolean> {
  const { apis, workers, random } = targets;
  const oneOf = (members: readonly Member[]) => {
    const ready = members.filter((member) => member.ready);
    return ready[Math.floor(random() * ready.length)];
  };
  switch (name) {
    case 'api':
      return kill(oneOf(apis));
    case 'worker':
      return kill(oneOf(workers));
    case 'inference': {
      const pid = targets.inferenceOf(oneOf(workers)?.pid ?? 0);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      return pid !== undefined;
    }
    case 'redis':
      return outage(random() * 2_000, targets);
    case 'away':
      return outage(12_000, targets);
    case 'cut':
      await targets.link?.cut(random() * 100);
      return targets.link !== undefined;
    case 'pause':
      return pause(oneOf(workers), targets);
    case 'answer':
      return kill(workers.find(({ pid }) => pid === answering(targets)));
    default:
      return name satisfies never;
  }
}

/** Kills Redis and starts it again after some ms. */
async function outage(ms: number, { redis, outages }: Targets): Promise<boolean> {
  if (!redis?.outage) return false;
  const from = Date.now();
  await redis.outage.begin();
  await setTimeout(ms);
  await redis.outage.end();
  outages.push({ from, to: Date.now() });
  return true;
}

function kill(member: Member | undefined): boolean {
  member?.kill();
  return member !== undefined;
}

/** Sleeps past its lock and is woken while another worker has its jobs. Goes on by itself. */
function pause(member: Member | undefined, { pauseMs, pauses, signal }: Targets): boolean {
  if (member?.pid === undefined) return false;
  member.pause();
  pauses.push(member.pid);
  setTimeout(pauseMs, undefined, { signal })
    .catch(() => undefined)
    .then(() => member.wake());
  return true;
}

/** The worker of a response whose answer a client is reading at this moment. */
function answering({ accounts, workerOf, random }: Targets): number | undefined {
  const reading = accounts.filter(
    ({ endings, events }) =>
      endings.length === 0 &&
      [...events.values()].some((data) => data.startsWith('{"type":"response.output_text.delta"')),
  );
  const account = reading[Math.floor(random() * reading.length)];
  return account && workerOf(account.job);
}

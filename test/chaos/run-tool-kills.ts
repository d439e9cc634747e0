import { existsSync, readFileSync } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RpcMessage, startRawMcpServer } from '../support/raw-mcp-server.ts';
import { startTestRedis } from '../support/redis-server.ts';
import { type ModelCall, orderTool } from './chaos-model.ts';
import { type Member, startMember } from './fleet.ts';

/** When the process dies: before the call has its effect, after it, or when the result was just sent. */
const killPlaces = ['before', 'after', 'result'] as const;
const victims = ['worker', 'inference'] as const;
type Plan = { place: (typeof killPlaces)[number]; victim: (typeof victims)[number] };

export type ToolKillReport = {
  seconds: number;
  /** Kills between a call and its result, by process and place. */
  kills: Record<string, number>;
  /** Orders that took effect. */
  orders: number;
  /** How the responses ended. */
  endings: Record<string, number>;
  /** Calls that were made twice, and responses that did not end exactly once. */
  faults: string[];
};

/** A call takes this long, so that a kill meets the calls of other responses too. ms */
const callMs = 300;

/**
 * Each response orders two things from an MCP server whose tool has effects; during one of its calls, the process that runs the
 * response, or its inference process, is killed with SIGKILL. Three workers on one Redis.
 */
export async function runToolKills(options: {
  kills: number;
  clients: number;
  log(text: string): void;
}): Promise<ToolKillReport> {
  const startedAt = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-tool-kills-'));
  const ledger = join(folder, 'calls.jsonl');
  await appendFile(ledger, '');
  const redis = await startTestRedis();
  const environment = {
    THINKFIRST_MODELS: fileURLToPath(new URL('../../models/thinkfirst-135m', import.meta.url)),
    THINKFIRST_DATA: join(folder, 'data'),
    THINKFIRST_PRIVATE_CALLBACKS: '1',
    THINKFIRST_LOG_LEVEL: 'warn',
    CHAOS_LEDGER: ledger,
    REDIS_URL: redis.url,
    REDIS_PREFIX: 'kills',
  };
  const members = await Promise.all(
    (['serve', 'worker', 'worker', 'worker'] as const).map((half, index) =>
      startMember({ name: `${half} ${index}`, half, environment, onLog: () => {} }),
    ),
  );
  const shop = await openShop({ ledger, members, kills: options.kills, log: options.log });
  try {
    await Promise.all(members.map((member) => member.up()));
    options.log(`${members.length} processes are up after ${secondsSince(startedAt)} s`);
    const endings = await runResponses({ ...options, api: members[0]?.url ?? '', shop: shop.url });
    return { seconds: secondsSince(startedAt), ...judged(shop, endings) };
  } finally {
    await Promise.all(members.map((member) => member.stop()));
    await shop.close();
    await redis.close();
    await rm(folder, { recursive: true, force: true });
  }
}

type Shop = {
  url: string;
  /** The orders of all calls, and of those that took effect. */
  received: string[];
  made: string[];
  kills: Record<string, number>;
  close(): Promise<void>;
};

async function openShop(options: {
  ledger: string;
  members: readonly Member[];
  kills: number;
  log(text: string): void;
}): Promise<Shop> {
  const received: string[] = [];
  const made: string[] = [];
  const kills: Record<string, number> = {};
  const plans = new Map(Array.from({ length: options.kills }, (_, number) => [`job-${number}`, planOf(number)]));
  const inputSchema = { type: 'object', properties: { order: { type: 'string' } } };

  async function call(order: string, answer: () => Promise<void>): Promise<void> {
    const job = order.replace(/-\d+$/, '');
    received.push(order);
    await setTimeout(callMs);
    const plan = plans.get(job);
    plans.delete(job);
    if (plan?.place !== 'before') made.push(order);
    if (plan === undefined || plan.place === 'result') await answer();
    if (plan === undefined) return;
    if (!kill(job, plan.victim, options)) {
      // A kill for another response has met its process already: its own comes with its next call.
      plans.set(job, plan);
      return;
    }
    const name = `${plan.victim}, ${plan.place}`;
    kills[name] = (kills[name] ?? 0) + 1;
    options.log(`${job}: ${name}`);
    // The inference process alone has died: its worker still waits.
    if (plan.victim === 'inference' && plan.place !== 'result') {
      if (plan.place === 'before') made.push(order);
      await answer();
    }
  }

  const server = await startRawMcpServer(({ id, method, params }: RpcMessage) => {
    if (method === 'tools/list') return { result: { tools: [{ name: 'order', inputSchema }] } };
    const order = Object(params?.['arguments'])['order'];
    return {
      raw(reply: ServerResponse) {
        const result = { content: [{ type: 'text', text: `ordered ${order}` }] };
        const answer = () =>
          new Promise<void>((resolve) => {
            reply.once('close', resolve);
            reply.writeHead(200, { 'content-type': 'application/json' });
            reply.end(JSON.stringify({ jsonrpc: '2.0', id, result }), resolve);
          });
        void call(String(order), answer);
      },
    };
  });
  return { url: server.url, received, made, kills, close: server.close };
}

function planOf(number: number): Plan {
  const place = killPlaces[number % killPlaces.length] ?? 'after';
  return { place, victim: victims[Math.floor(number / killPlaces.length) % victims.length] ?? 'worker' };
}

/** Kills the process that runs the job, or the inference process of its model. False: it was dead already. */
function kill(
  job: string,
  victim: Plan['victim'],
  { ledger, members }: { ledger: string; members: readonly Member[] },
): boolean {
  const calls: ModelCall[] = readFileSync(ledger, 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  const last = calls.findLast((one) => one.job === job);
  const member = members.find(({ pid }) => pid === last?.worker);
  if (last === undefined || member === undefined) return false;
  if (victim === 'worker') member.kill();
  else if (existsSync(`/proc/${last.inference}`)) process.kill(last.inference, 'SIGKILL');
  else return false;
  return true;
}

/** Some responses at a time; gives the terminal events of each. */
async function runResponses(options: {
  kills: number;
  clients: number;
  api: string;
  shop: string;
}): Promise<ReadonlyMap<string, string[]>> {
  const endings = new Map<string, string[]>();
  let next = 0;
  const client = async () => {
    while (next < options.kills) {
      const job = `job-${next++}`;
      endings.set(job, await runResponse(job, options));
    }
  };
  await Promise.all(Array.from({ length: options.clients }, client));
  return endings;
}

async function runResponse(job: string, { api, shop }: { api: string; shop: string }): Promise<string[]> {
  const tools = [{ type: 'mcp', server_label: orderTool.label, server_url: shop, require_approval: 'never' }];
  const body = { input: `Order for ${job}`, tools, reasoning: { effort: 'low' }, background: true, stream: true };
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${api}/v1/responses`, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await reply.text();
  return [...text.matchAll(/^event: response\.(completed|incomplete|failed)$/gm)].map(([, how = '']) => how);
}

function judged(
  { received, made, kills }: Shop,
  endings: ReadonlyMap<string, string[]>,
): Omit<ToolKillReport, 'seconds'> {
  const counts: Record<string, number> = {};
  for (const how of [...endings.values()].flat()) counts[how] = (counts[how] ?? 0) + 1;
  const twice = received.filter((order, index) => received.indexOf(order) < index);
  const others = [...endings].filter(([, ends]) => ends.length !== 1);
  return {
    kills,
    orders: made.length,
    endings: counts,
    faults: [
      ...twice.map((order) => `${order} was called twice`),
      ...others.map(([job, ends]) => `${job} ended ${ends.length} times`),
    ],
  };
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 100) / 10;
}

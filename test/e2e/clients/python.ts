import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe } from 'vitest';
import { pythonEnvironmentOrReason } from '../../support/python-environment.ts';
import type { FeatureTable } from './feature-table.ts';
import { requirements } from './python-requirements.ts';

const folder = new URL('python/', import.meta.url);

type Client = {
  /** As on PyPI. */
  name: string;
  features: readonly string[];
  /** Those that `npm test` leaves out. */
  slowFeatures?: readonly string[];
  /** Too long to install or to import for `npm test`. */
  slow?: boolean;
  /** Its packages, where it keeps the others from their newest versions. */
  ownEnvironment?: boolean;
  /** Another row for functions that begin with this word. */
  chat?: readonly string[];
};

const batched = ['answer', 'stream', 'thinking', 'tools', 'structured output', 'batches', 'errors'];
const usual = batched.filter((feature) => feature !== 'batches');

const clients: readonly Client[] = [
  { name: 'openai', features: [...batched, 'hosted tools'], chat: [...usual, 'stored'] },
  {
    name: 'openai-agents',
    features: [...usual, 'hand-off', 'sessions', 'conversations'],
    slowFeatures: ['hosted tools'],
  },
  { name: 'anthropic', features: batched },
  { name: 'ollama', features: usual },
  { name: 'pydantic-ai', features: usual },
  { name: 'llm', features: usual.filter((feature) => feature !== 'thinking') },
  { name: 'instructor', features: usual.filter((feature) => feature !== 'answer'), ownEnvironment: true },
  { name: 'mcp', features: ['answer', 'stream', 'thinking', 'structured output', 'errors'] },
  { name: 'litellm', features: usual, slow: true },
  { name: 'langchain-openai', features: usual, slow: true },
  { name: 'dspy', features: ['answer', 'structured output', 'errors'], slow: true },
];

/** Clients from PyPI, in virtual environments that are made on first use. `slow`: those that take long as well. */
export async function pythonSuites(
  { feature }: FeatureTable,
  { url, mcpUrl, slow }: { url: () => string; mcpUrl: () => string; slow: boolean },
): Promise<void> {
  const shared = await pythonEnvironmentOrReason('clients', slow ? requirements.all : requirements.fast);
  const own = await pythonEnvironmentOrReason('instructor', requirements.instructor);

  for (const client of clients.filter((each) => slow || !each.slow)) {
    const environment = client.ownEnvironment ? own : shared;
    const programs = 'programs' in environment ? environment.programs : '';
    describe.skipIf('reason' in environment)(`${client.name}, Python`, () => {
      let python: Awaited<ReturnType<typeof startPython>>;
      beforeAll(() => {
        python = startPython(join(programs, 'python'), client.name.replaceAll('-', '_'), {
          url: url(),
          mcpUrl: mcpUrl(),
        });
      });
      afterAll(() => python.stop());

      const row = (title: string, features: readonly string[], prefix = '') => {
        for (const name of features) feature(title, name, () => python.run(`${prefix}${name}`));
      };
      const title = `${client.name} for Python`;
      row(client.chat ? `${title} (responses)` : title, [
        ...client.features,
        ...(slow ? (client.slowFeatures ?? []) : []),
      ]);
      row(`${title} (chat)`, client.chat ?? [], 'chat ');
    });
  }
}

/** One process for all features of a client: importing it can take longer than they do. */
function startPython(python: string, client: string, { url, mcpUrl }: { url: string; mcpUrl: string }) {
  const child = spawn(python, ['-B', fileURLToPath(new URL('run.py', folder)), client, url], {
    // Nothing of this process's settings; none of them may send anything elsewhere.
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      MCP_URL: mcpUrl,
      DO_NOT_TRACK: '1',
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  return {
    /** @throws Error with its traceback where the feature doesn't work */
    async run(feature: string): Promise<void> {
      child.stdin.write(`${feature.replaceAll(/[ -]/g, '_')}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`Python ended: ${printed}`);
      const traceback: unknown = JSON.parse(value);
      if (traceback !== null) throw new Error(String(traceback));
    },
    async stop(): Promise<void> {
      child.stdin.end();
      await ended;
    },
  };
}

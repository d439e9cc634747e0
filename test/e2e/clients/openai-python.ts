import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe } from 'vitest';
import { pythonEnvironment, pythonMissing } from '../../support/python-environment.ts';
import type { FeatureTable } from './feature-table.ts';

const script = fileURLToPath(new URL('openai_features.py', import.meta.url));
const responses = ['answer', 'stream', 'thinking', 'tools', 'structured output', 'batches', 'errors'];
const chat = responses.filter((feature) => feature !== 'batches');

/** OpenAI's client for Python, in a virtual environment that is made on first use. */
export async function openaiPythonSuite({ feature }: FeatureTable, url: () => string): Promise<void> {
  const missing = await pythonMissing();
  let python = '';
  const run = async (name: string) => {
    await promisify(execFile)(python, ['-B', script, url(), name.replaceAll(' ', '_')]);
  };

  describe.skipIf(missing)('openai, Python', () => {
    beforeAll(async () => {
      python = join(await pythonEnvironment('openai'), 'python');
    });
    for (const name of responses) feature('openai for Python (responses)', name, () => run(name));
    for (const name of chat) feature('openai for Python (chat)', name, () => run(`chat ${name}`));
  });
}

import { expect, onTestFinished, test } from 'vitest';
import { checkModels } from '../../src/cli/check-model.ts';
import { startUpstreamServer, type UpstreamServerOptions } from '../support/upstream-server.ts';
import { keptTerminal } from './run-program.ts';

async function checked(server: UpstreamServerOptions, family: string): Promise<string> {
  const { url, close } = await startUpstreamServer(server);
  onTestFinished(close);
  const entry = { id: 'mine', url, model: 'served', family, dialect: server.dialect };
  const { terminal, kept } = keptTerminal({ variables: { THINKFIRST_MODELS: JSON.stringify([entry]) } });
  await checkModels([], terminal);
  return kept.output;
}

const answer = [' It', ' is', ' 792.'];

test('a model that thought in its check thinks', async () => {
  const output = await checked({ dialect: 'vllm', script: { thoughts: [' 132', ' × 6'], answer } }, 'qwen3');
  expect(output).toContain('tokens of context, thinks,');
  expect(output).toMatch(/thinking {2}What is 132 × 6\? It is 792\./);
  expect(output).not.toContain('No thought');
});

test.each([
  ['vllm', 'qwen3'],
  ['plain', 'deepseek-r1-distill'],
] as const)('of one that did not, what was seen is said, and no claim made: %s, %s', async (dialect, family) => {
  const output = await checked({ dialect, script: { thoughts: [], answer }, opens: 'never', spelling: 'tags' }, family);
  expect(output).toContain('✓ mine loaded');
  expect(output).not.toMatch(/tokens of context, thinks/);
  expect(output).toContain(`! No reasoning was produced: is its family right (${family}), and its dialect`);
});

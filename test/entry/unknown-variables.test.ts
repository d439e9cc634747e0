import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { unknownText, unknownVariables } from '../../src/entry/environment.ts';

it.each([
  ['THINKFIRST_KV_BTS', 'THINKFIRST_KV_BTS is not known. Did you mean THINKFIRST_KV_BITS?'],
  ['THINKFIRST_PORT', 'THINKFIRST_PORT is not known. Did you mean PORT?'],
  ['THINKFIRST_REDIS_URL', 'THINKFIRST_REDIS_URL is not known. Did you mean REDIS_URL?'],
  ['THINKFIRST_BENCH_GUFF', 'THINKFIRST_BENCH_GUFF is not known. Did you mean THINKFIRST_BENCH_GGUF?'],
  ['THINKFIRST_CHEESE', 'THINKFIRST_CHEESE is not known.'],
])('%s is told', (name, text) => {
  expect(unknownVariables({ [name]: '8', THINKFIRST_KV_MB: '256', HOME: '/' }).map(unknownText)).toEqual([text]);
});

it('a model’s key is none, nor what Kubernetes sets for a service of our name', () => {
  const set = {
    THINKFIRST_GPU_API_KEY: 'x',
    THINKFIRST_SERVICE_HOST: '10.0.0.1',
    THINKFIRST_SERVICE_PORT_HTTP: '80',
    THINKFIRST_REDIS_SERVICE_PORT: '6379',
    THINKFIRST_PORT: 'tcp://10.0.0.1:80',
    THINKFIRST_PORT_80_TCP_ADDR: '10.0.0.1',
  };
  expect(unknownVariables(set)).toEqual([]);
});

it('every variable that the code and compose.yaml name is known', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const code = ['src', 'workers', 'bin', 'eval', 'bench', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs)$/.test(file))
      .map((file) => join(folder, file)),
  );
  const named = [...code, 'compose.yaml', 'Dockerfile'].flatMap(
    (file) => readFileSync(join(root, file), 'utf8').match(/\bTHINKFIRST_[A-Z_]+\b/g) ?? [],
  );
  expect(named).toContain('THINKFIRST_BENCH_GGUF');
  const variables = Object.fromEntries(named.map((name) => [name, 'x']));
  expect(unknownVariables(variables)).toEqual([]);
});

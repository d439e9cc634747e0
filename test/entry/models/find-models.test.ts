import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { findModels } from '../../../src/entry/models/find-models.ts';
import { chatMetadata, ggufFile } from '../../support/gguf-file.ts';

it('finds servers on loopback and files in the folders of other programs, and asks nobody else', {
  timeout: 60_000,
}, async () => {
  const home = mkdtempSync(join(tmpdir(), 'thinkfirst-find-'));
  const put = (path: string, content: Uint8Array | string) => {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), content);
  };
  vi.stubEnv('OLLAMA_MODELS', join(home, '.ollama', 'models'));
  const whole = ggufFile(chatMetadata());
  const digest = 'b'.repeat(64);
  const layers = [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${digest}`, size: whole.length }];
  put('.ollama/models/manifests/registry.ollama.ai/library/qwen3/0.6b', JSON.stringify({ layers }));
  put(`.ollama/models/blobs/sha256-${digest}`, whole);
  // What can't be read, or leads nowhere, hides nothing else.
  symlinkSync('nowhere', join(home, '.ollama/models/manifests/registry.ollama.ai/library/qwen3/gone'));
  put('.cache/llama.cpp', 'a file where a folder is expected');
  put('.lmstudio/models/org/repo/half.gguf', whole.subarray(0, 900));
  put('.lmstudio/models/org/repo/mmproj-half.gguf', whole);
  const snapshot = '.cache/huggingface/hub/models--org--small/snapshots/abc';
  mkdirSync(join(home, snapshot), { recursive: true });
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx']) {
    symlinkSync(resolve('models/thinkfirst-135m', name), join(home, snapshot, name));
  }
  const server = createServer((request, answer) => {
    answer.statusCode = request.url === '/v1/models' ? 200 : 404;
    answer.setHeader('content-type', 'application/json');
    answer.end('{"data":[{"id":"Qwen/Qwen3-8B","owned_by":"vllm","max_model_len":40960}]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const asked = new Set<string>();
  const ask: typeof fetch = (input, init) => {
    asked.add(new URL(String(input)).hostname);
    return fetch(input, init);
  };
  const ports = { ollama: 1, lmstudio: 1, 'llama.cpp': 1, vllm: port };
  const found = await findModels({ variables: {}, fetch: ask, home, ports });
  server.close();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
  expect([...asked]).toEqual(['127.0.0.1']);
  expect(found).toMatchObject([
    {
      id: 'Qwen3-8B',
      source: 'vllm',
      family: 'qwen3',
      context_length: 40_960,
      model: { kind: 'upstream', model: 'Qwen/Qwen3-8B' },
      capabilities: { exact_budget: false, rollback: true },
    },
    {
      id: 'qwen3-0.6b',
      source: 'ollama',
      family: 'qwen3',
      bytes: whole.length,
      model: { kind: 'folder', folder: 'ollama:qwen3:0.6b' },
      capabilities: { exact_budget: true, compute: true },
    },
    { id: 'half', source: 'lmstudio', capabilities: null, notice: expect.stringMatching(/half\.gguf .*cut short/) },
    { id: 'small', source: 'hub', family: 'thinkfirst', capabilities: { exact_budget: true } },
  ]);
});

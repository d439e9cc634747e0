import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import type { FeatureTable } from './feature-table.ts';
import { ask, Sum, sumTool } from './questions.ts';

/** What a person types into a shell. */
export function curlSuite({ feature }: FeatureTable, url: () => string): void {
  const name = 'curl';
  const curl = async (path: string, body?: object, ...options: string[]) => {
    const sent = body === undefined ? [] : ['-H', 'content-type: application/json', '-d', JSON.stringify(body)];
    const { stdout } = await promisify(execFile)('curl', ['-sS', `${url()}${path}`, ...sent, ...options]);
    return stdout;
  };
  const json = async (...asked: Parameters<typeof curl>) => JSON.parse(await curl(...asked));
  const fast = { input: ask, mode: 'fast' };

  describe(name, () => {
    feature(name, 'answer', async () => {
      const made = await json('/v1/responses', fast);
      expect(made).toMatchObject({ status: 'completed', output_text: expect.stringMatching(/./) });
      expect(await json(`/v1/responses/${made.id}`)).toEqual(made);
      expect(await json(`/v1/responses/${made.id}`, undefined, '-X', 'DELETE')).toMatchObject({ deleted: true });
    });
    feature(name, 'stream', async () => {
      const blocks = (await curl('/v1/responses', { ...fast, stream: true }, '-N')).trim().split('\n\n');
      expect(blocks[0]).toMatch(/^event: response\.created\ndata: \{/);
      expect(blocks.at(-1)).toBe('data: [DONE]');
      const queued = await json('/v1/responses', { ...fast, background: true });
      const followed = await curl(`/v1/responses/${queued.id}?stream=true`, undefined, '-N');
      const resumed = await curl(`/v1/responses/${queued.id}?stream=true`, undefined, '-N', '-H', 'last-event-id: 1');
      expect(followed).toContain('event: response.completed');
      expect(followed.endsWith(resumed)).toBe(true);
      expect(resumed).toMatch(/^event: .*\nid: 2\n/);
    });
    feature(name, 'thinking', async () => {
      const made = await json('/v1/responses', { input: ask, reasoning: { effort: 'low', summary: 'auto' } });
      expect(made.thinking_stop).not.toBeNull();
      expect(made.output[0].type).toBe('reasoning');
    });
    feature(name, 'tools', async () => {
      const tools = [{ type: 'function', strict: true, ...sumTool }];
      const made = await json('/v1/responses', { ...fast, tools, tool_choice: 'required' });
      expect(Sum.parse(JSON.parse(made.output[0].arguments))).toBeDefined();
    });
    feature(name, 'structured output', async () => {
      const format = { type: 'json_schema', name: 'sum', schema: sumTool.parameters };
      const made = await json('/v1/responses', { ...fast, text: { format } });
      expect(Sum.parse(JSON.parse(made.output_text))).toBeDefined();
    });
    feature(name, 'batches', async () => {
      const requests = [{ custom_id: 'a', body: fast }];
      let batch = await json('/v1/batches', { endpoint: '/v1/responses', requests });
      while (batch.status === 'in_progress') batch = await json(`/v1/batches/${batch.id}`);
      const result = await json(`/v1/files/${batch.output_file_id}/content`);
      expect(result).toMatchObject({ custom_id: 'a', response: { status_code: 200 } });
    });
    feature(name, 'errors', async () => {
      const refused = await curl('/v1/responses', { ...fast, temperature: 9 }, '-w', '%{http_code}');
      expect(refused.slice(-3)).toBe('400');
      expect(JSON.parse(refused.slice(0, -3)).error).toMatchObject({ param: 'temperature', code: 'invalid_value' });
    });
  });
}

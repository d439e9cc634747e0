import { afterEach, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../run-program.ts';

/** Answers each path with what `bodies` has of it. */
function stubService(bodies: Record<string, unknown>): void {
  const all: Record<string, unknown> = { '/readyz': { status: 'ready', parts: {} }, ...bodies };
  vi.stubGlobal('fetch', async (url: string) => {
    const body = all[new URL(url).pathname];
    return body === undefined ? new Response('{}', { status: 404 }) : Response.json(body);
  });
}

afterEach(() => {
  vi.unstubAllGlobals();
  process.exitCode = undefined;
});

describe('thinkfirst jobs', () => {
  it('tells a list that is empty for its status from one that is empty', async () => {
    stubService({ '/v1/responses': { data: [] } });
    expect((await runProgram(['jobs'])).output).toMatch(/^No responses yet\. Ask something/);
    expect((await runProgram(['jobs', '--status', 'in_progress'])).output).toBe('No response is in_progress.\n');
  });
});

describe('thinkfirst chat', () => {
  it('refuses a model that the service does not have, names those that it has, and stays with the one before', async () => {
    stubService({ '/v1/models': { data: [{ id: 'small' }, { id: 'org/large:v2' }] } });
    const input = '/model small\n/model nope\n/model small:nope\n/model org/large:v2\n/model small:low\n/model\n';
    const { told } = await runProgram(['chat', '--url', 'http://service'], { input });
    expect(told.trim().split('\n')).toEqual([
      'Model: small.',
      'There is no model "nope". Available: small, org/large:v2.',
      'There is no model "small:nope". Available: small, org/large:v2.',
      'Model: org/large:v2.',
      'Model: small:low.',
      'Model: the service’s default.',
    ]);
    expect(process.exitCode).toBe(1);
  });
});

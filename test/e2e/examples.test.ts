import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from '../../console/src/views/ask/examples.ts';
import { dataFolder, postJson, startService, type TestService } from '../support/start-service.ts';

describe('the examples of the start page', () => {
  let data: Awaited<ReturnType<typeof dataFolder>>;
  let service: TestService;
  beforeAll(async () => {
    data = await dataFolder();
    service = await startService('start', { THINKFIRST_DATA: data.path });
  });
  afterAll(async () => {
    await service?.stop();
    await data?.remove();
  });

  it.each(examples)('$question: $fast at once, $thought with thinking first', async ({ question, fast, thought }) => {
    const answer = async (how: object) =>
      (await postJson(`${service.url}/v1/responses`, { input: question, ...how })).body.output_text.trim();
    expect(await answer({ mode: 'fast' })).toBe(`The answer is ${fast}.`);
    expect(await answer({ reasoning: { effort: 'medium' } })).toBe(`The answer is ${thought}.`);
  });
});

import { expect, test } from 'vitest';
import { collectPage, someRun } from '../../console/src/views/jobs/collect-page.ts';
import type { ListedResponse } from '../../src/contracts/service/listings.ts';
import { createApi } from '../api/responses/fixture.ts';

const all = { effort: '', model: '', text: '' };

/** The service's own list of `count` jobs, each third with effort high, `limit` a page. */
async function listOf(count: number, limit: number) {
  const { app, ask } = createApi();
  for (let index = 0; index < count; index += 1) {
    await ask({
      input: `question ${index}`,
      background: true,
      reasoning: { effort: index % 3 === 0 ? 'high' : 'low' },
    });
  }
  let reads = 0;
  return {
    reads: () => reads,
    async read(after: string | undefined) {
      reads += 1;
      const page: { data: ListedResponse[]; has_more: boolean } = await (
        await app.request(`/v1/responses?limit=${limit}${after === undefined ? '' : `&after=${after}`}`)
      ).json();
      return page;
    },
  };
}

test('pages of matches hold each match once, in order, and the last has no next', async () => {
  const list = await listOf(20, 4);
  const filter = { ...all, effort: 'high' };
  const seen: string[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < 4; pages += 1) {
    const page = await collectPage({ read: list.read, filter, size: 3, after });
    seen.push(...page.jobs.map((job) => job.input_preview));
    after = page.next;
    if (after === undefined) break;
  }
  expect(seen).toEqual([18, 15, 12, 9, 6, 3, 0].map((index) => `question ${index}`));
  expect(after).toBeUndefined();
});

test('without a filter a page is one read', async () => {
  const list = await listOf(6, 4);
  const page = await collectPage({ read: list.read, filter: all, size: 4, after: undefined });
  expect(page.jobs).toHaveLength(4);
  expect(page.next).toBe(page.jobs.at(-1)?.id);
  expect(list.reads()).toBe(1);
  expect(someRun(page.jobs)).toBe(true);
});

test('a text that nothing holds ends after ten reads, and says where to look on', async () => {
  const list = await listOf(15, 1);
  const page = await collectPage({
    read: list.read,
    filter: { ...all, text: 'unheard of' },
    size: 5,
    after: undefined,
  });
  expect(page).toMatchObject({ jobs: [], looked: 10, next: 'resp_0005' });
  const rest = await collectPage({
    read: list.read,
    filter: { ...all, text: 'QUESTION 3' },
    size: 5,
    after: page.next,
  });
  expect(rest.jobs.map((job) => job.input_preview)).toEqual(['question 3']);
});

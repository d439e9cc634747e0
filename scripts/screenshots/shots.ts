import type { Page } from 'playwright-core';

export type Look = 'light' | 'dark' | 'phone';

/** One picture of a view: `prepare` leaves the page as it is to be seen. Written as `console-NAME-LOOK.png`. */
type Shot = {
  name: string;
  /** Whose service it is of: the embedded model calls no tools, so these are scripted. */
  from: 'real' | 'scripted';
  /** The looks that the documents show. */
  shown: readonly Look[];
  prepare(page: Page, served: Served): Promise<void>;
};

/** A service to take pictures of. */
export type Served = {
  url: string;
  /** A response that is there already, so that views that show one need not wait for it. */
  deliberateId: string;
  stop(): Promise<void>;
};

export const question =
  'Tara wants to buy a bike for $55. Tara saves $6 a week and already has $7. How many weeks does Tara need to save?';

const longQuestion = 'Sort these numbers from smallest to largest: 47, 84, 32, 69, 17, 54, 91, 39, 76, 24, 61, 98';

const toolQuestion = 'How many primes are there below 10,000?';

const heading = (page: Page) => page.getByRole('heading', { level: 1 }).first().waitFor();
const settled = (page: Page) => page.waitForLoadState('networkidle');

/** Every view, in the order of the navigation. */
export const shots: readonly Shot[] = [
  {
    name: 'welcome',
    from: 'real',
    shown: [],
    async prepare(page) {
      await page.goto('/');
      await heading(page);
      await settled(page);
    },
  },
  {
    name: 'korean',
    from: 'real',
    shown: ['light'],
    async prepare(page, { deliberateId }) {
      await page.goto(`/?r=${deliberateId}`);
      await page.getByRole('button', { name: '한국어' }).click();
      await page.getByText('생각', { exact: true }).click();
      await settled(page);
    },
  },
  {
    name: 'ask',
    from: 'real',
    shown: ['light', 'dark', 'phone'],
    async prepare(page, { deliberateId }) {
      await page.goto(`/?r=${deliberateId}`);
      await page.getByText('Thoughts', { exact: true }).click();
      await settled(page);
    },
  },
  {
    name: 'ask-live',
    from: 'real',
    shown: ['light'],
    async prepare(page) {
      await page.goto('/');
      await page.getByRole('radio', { name: 'High', exact: true }).click();
      await page.getByRole('textbox', { name: 'Question', exact: true }).fill(longQuestion);
      await page.keyboard.press('Enter');
      await thoughtOrEnd(page, 1);
    },
  },
  {
    name: 'compare-live',
    from: 'real',
    shown: [],
    async prepare(page) {
      await page.goto(`/compare?${new URLSearchParams({ q: question })}`);
      await page.getByRole('button', { name: 'Ask all' }).click();
      await thoughtOrEnd(page, 2);
    },
  },
  {
    name: 'compare',
    from: 'real',
    shown: ['light', 'dark'],
    async prepare(page) {
      await page.goto(`/compare?${new URLSearchParams({ q: question })}`);
      await page.getByRole('button', { name: 'Ask all' }).click();
      await page.getByText(/compared with Fast/).waitFor();
      await settled(page);
    },
  },
  {
    name: 'tools',
    from: 'scripted',
    shown: ['light'],
    async prepare(page) {
      await page.goto('/');
      await page.getByRole('button', { name: 'Budget, model and system prompt' }).click();
      await page.getByRole('checkbox', { name: 'Python, in a sandbox of the service' }).check();
      await page.getByRole('button', { name: 'Budget, model and system prompt' }).click();
      await page.getByRole('radio', { name: 'Low', exact: true }).click();
      await page.getByRole('textbox', { name: 'Question', exact: true }).fill(toolQuestion);
      await page.keyboard.press('Enter');
      const calls = page.getByRole('region', { name: 'Tools that the answer used' });
      await calls.locator('details').nth(1).waitFor();
      for (const call of await calls.locator('summary').all()) await call.click();
      await calls.locator('.hljs-keyword').first().waitFor();
      await page.evaluate('window.scrollTo(0, 0)');
      await settled(page);
    },
  },
  { name: 'jobs', from: 'real', shown: ['light'], prepare: (page) => opened(page, '/jobs') },
  {
    name: 'trace',
    from: 'real',
    shown: ['light', 'dark'],
    prepare: (page, { deliberateId }) => opened(page, `/trace/${deliberateId}`),
  },
  { name: 'eval', from: 'real', shown: ['light'], prepare: (page) => opened(page, '/eval') },
  { name: 'settings', from: 'real', shown: [], prepare: (page) => opened(page, '/settings') },
];

async function opened(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await heading(page);
  await settled(page);
}

/** Until a thought is being written; a run that is quicker is shown as it ended. */
async function thoughtOrEnd(page: Page, answers: number): Promise<void> {
  const thought = page.getByRole('region', { name: 'Chain 1' }).locator('p').first().waitFor();
  const ended = page
    .locator('article[aria-busy=false]')
    .nth(answers - 1)
    .waitFor();
  await Promise.race([thought, ended]);
  // The other of the two fails when the page is closed.
  for (const waiting of [thought, ended]) waiting.catch(() => undefined);
}

import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { getJson } from '../support/start-service.ts';
import { accessibilityFaults, consoleSuite, longThought, realService, withoutChromium } from './browser.ts';

const bike =
  'Tara wants to buy a bike for $55. Tara saves $6 a week and already has $7. How many weeks does Tara need to save?';
const views = ['/', '/compare', '/jobs', '/trace', '/eval', '/settings'];
describe.skipIf(withoutChromium)('the console', () => {
  const suite = consoleSuite(realService);
  const { open } = suite;
  const expectNoFaults = () => expect(suite.faults).toEqual([]);
  const shownId = (page: Page) => new URL(page.url()).searchParams.get('r') ?? '';
  const shown = (page: Page) => getJson(`${suite.url}/v1/responses/${shownId(page)}`);
  const ended = (page: Page) => page.locator('article[aria-busy=false]').last().waitFor();

  async function ask(page: Page, question: string, effort: string): Promise<void> {
    const before = shownId(page);
    await page.getByRole('radio', { name: effort, exact: true }).click();
    await page.getByRole('textbox', { name: 'Question' }).fill(question);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => (url.searchParams.get('r') ?? '') !== before);
  }

  it('answers fast, remembers, thinks when told to, and shows how it came to the answer', async () => {
    const page = await open('/');
    await ask(page, bike, 'Fast');
    await ended(page);
    const fast = await shown(page);
    expect(fast.reasoning.effective.budget_tokens).toBe(0);
    expect(await page.getByRole('article').textContent()).toContain(fast.output_text.trim());
    expect(await page.getByText(/^Answered without thinking in .* tokens$/).count()).toBe(1);

    await ask(page, 'And with $13 already saved?', 'Low');
    await page.getByRole('article').nth(1).waitFor();
    await page.locator('article[aria-busy=false]').nth(1).waitFor();
    const second = await shown(page);
    expect(second.conversation).toEqual(fast.conversation);
    const turns = await getJson(`${suite.url}/v1/conversations/${second.conversation.id}/turns`);
    expect(turns.data.map(({ id, parent }: { id: string; parent: string | null }) => [id, parent])).toEqual([
      [fast.id, null],
      [second.id, fast.id],
    ]);
    const answer = page.getByRole('article').nth(1);
    await answer.getByText(/^Thought for .* of .* tokens/).waitFor();
    expect(await answer.textContent()).toContain(second.output_text.trim());
    const thoughts = answer.getByRole('group').filter({ hasText: 'Thoughts' });
    const firstChain = thoughts.getByText(/^Think Chain 1$/);
    expect(await firstChain.isVisible()).toBe(false);
    await answer.getByText('Thoughts', { exact: true }).click();
    expect(await firstChain.isVisible()).toBe(true);
    expectNoFaults();
  });

  it('shows phase and budget while it thinks, and answers now when told to', async () => {
    const page = await open('/');
    await ask(page, longThought, 'High');
    await page.getByRole('progressbar', { name: 'Thinking budget' }).waitFor();
    await page.getByRole('button', { name: 'Answer now' }).click();
    await ended(page);
    const response = await shown(page);
    // A small model that is cut short in a long list may go on in circles: its answer is cut then, but there is one.
    expect(response).toMatchObject({
      status: expect.stringMatching(/^(completed|incomplete)$/),
      thinking_stop: 'user',
    });
    expect(await page.getByRole('article').textContent()).toContain('you asked for the answer');
    expectNoFaults();
  });

  it('takes up a running answer after a reload, and stops it when told to', async () => {
    const page = await open('/');
    await ask(page, longThought, 'High');
    await page.getByRole('button', { name: 'Answer now' }).waitFor();
    await page.reload();
    await page.locator('article[aria-busy=true]').waitFor();
    expect(await page.getByText(longThought).count()).toBe(1);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped.').waitFor();
    expect(await shown(page)).toMatchObject({ status: 'cancelled' });
    expectNoFaults();
  });

  it('asks again at another effort and notes which answer is better', async () => {
    const page = await open('/');
    await ask(page, 'What is 47 + 385?', 'Fast');
    await ended(page);
    const first = shownId(page);
    await page.getByRole('button', { name: 'Ask again' }).click();
    await page.getByRole('menuitem', { name: /^Low/ }).click();
    await page.waitForURL((url) => url.searchParams.get('r') !== first);
    await page.getByText('Answer 2 of 2').waitFor();
    await ended(page);
    await page.getByRole('button', { name: 'This one is better' }).click();
    await page.getByText('Thank you, noted.').waitFor();
    await page.getByRole('button', { name: 'A good answer', exact: true }).click();
    await page.locator('button[aria-label="A good answer"][aria-pressed=true]').waitFor();
    const lines = (await (await fetch(`${suite.url}/v1/feedback`)).text()).trim().split('\n');
    const given = lines.map((line) => JSON.parse(line));
    expect(given).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ response_id: first, preferred_response_id: shownId(page) }),
        expect.objectContaining({ response_id: shownId(page), rating: 'up' }),
      ]),
    );
    await page.getByRole('button', { name: 'Copy the answer' }).click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe((await shown(page)).output_text);
    expectNoFaults();
  });

  it('asks once, however fast an example is pressed', async () => {
    const page = await open('/');
    const asked: string[] = [];
    page.on('request', (sent) => {
      if (sent.method() === 'POST' && new URL(sent.url()).pathname === '/v1/responses') asked.push(sent.url());
    });
    await page.getByRole('button', { name: /Tara wants to buy a bike/ }).dblclick();
    await ended(page);
    expect(asked).toHaveLength(1);
    expectNoFaults();
  });

  it('compares efforts side by side, in one line, and opens the link again', async () => {
    const page = await open('/compare');
    await page.getByRole('textbox', { name: 'Question' }).fill(bike);
    await page.getByRole('button', { name: 'Ask all' }).click();
    await page.locator('article[aria-busy=false]').nth(1).waitFor();
    const line = page.getByRole('status').filter({ hasText: /against Fast: [+−][\d,]+ tokens/ });
    await line.waitFor();
    const told = await line.textContent();
    const outcomes = page.getByText(/^(Thought for|Answered without thinking)/);
    const answers = await outcomes.allTextContents();
    expect(answers).toHaveLength(2);
    // Its own clock leaves the wait out; what Jobs tells, with it, stands beside.
    const waits = await page.getByText(/^(< 1|≈ \d+) s including queue time$|^waited < 1 s$/).allTextContents();
    expect(waits).toHaveLength(2);
    const ids = new URL(page.url()).searchParams.getAll('r');
    const listed = await page.context().newPage();
    await listed.goto('/jobs');
    for (const [index, id] of ids.entries()) {
      const row = listed.getByRole('row').filter({ has: listed.locator(`a[href="/trace/${id}"]`) });
      const told = (await row.getByTitle(/the wait for a worker included/).textContent())?.replace(' with wait', '');
      expect([`${told} including queue time`, 'waited < 1 s']).toContain(waits[index]);
    }
    await listed.close();
    expect(new URL(page.url()).searchParams.getAll('r')).toHaveLength(2);
    await page.reload();
    await line.waitFor();
    expect(await line.textContent()).toBe(told);
    expect(await outcomes.allTextContents()).toEqual(answers);
    await page.getByRole('button', { name: 'Add a column' }).click();
    await page.getByRole('combobox', { name: 'Effort' }).nth(2).waitFor();
    expectNoFaults();
  });

  it('speaks Korean, and keeps to it', async () => {
    const page = await open('/');
    await page.getByRole('button', { name: '한국어' }).click();
    await page.getByRole('heading', { name: '바로 묻거나, 먼저 생각하게 하세요.' }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: '비교' }).click();
    await page.getByRole('heading', { name: '비교' }).waitFor();
    expect(await page.evaluate('document.documentElement.lang')).toBe('ko');
    expectNoFaults();
  });

  it('is dark where the system or the reader wants it', async () => {
    const page = await open('/', { colorScheme: 'dark' });
    const paper = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    await page.getByRole('heading', { level: 1 }).waitFor();
    const dark = await paper();
    await page.getByRole('button', { name: /^Appearance/ }).click();
    expect(await paper()).not.toBe(dark);
    await page.getByRole('button', { name: /^Appearance/ }).click();
    expect(await paper()).toBe(dark);
    expectNoFaults();
  });

  it('is worked by keyboard alone', async () => {
    const page = await open('/compare');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement?.textContent')).toBe('Skip to the content');
    await page.goto('/');
    await page.getByRole('textbox', { name: 'Question' }).and(page.locator(':focus')).waitFor();
    await page.getByRole('radio', { name: 'Medium' }).focus();
    await page.keyboard.press('ArrowRight');
    const high = page.getByRole('radio', { name: 'High' });
    await high.and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Space');
    await high.and(page.locator('[aria-checked=true]')).waitFor();
    await page.getByRole('button', { name: 'Budget, model and system prompt' }).press('Enter');
    const slider = page.getByRole('slider', { name: 'Thinking budget' });
    await slider.focus();
    const before = await slider.getAttribute('aria-valuetext');
    await page.keyboard.press('ArrowLeft');
    await slider.and(page.locator(`:not([aria-valuetext="${before}"])`)).waitFor();
    expectNoFaults();
  });

  it('takes a key and keeps it for the tab alone, if so wished', async () => {
    const page = await open('/');
    await page.getByRole('button', { name: 'Enter a key' }).click();
    await page.getByRole('textbox', { name: 'Key', exact: true }).fill('tf_test');
    await page.getByRole('checkbox', { name: 'Remember it in this browser' }).uncheck();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'Key is set' }).waitFor();
    expect(await page.evaluate('JSON.stringify({ ...localStorage })')).not.toContain('tf_test');
    expect(await page.evaluate('JSON.stringify({ ...sessionStorage })')).toContain('tf_test');
  });

  it.each([
    ['a wide screen', {}],
    ['a wide screen in the dark', { colorScheme: 'dark' }],
    ['a phone', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
  ] satisfies [string, BrowserContextOptions][])('axe finds nothing serious in any view, on %s', async (_, options) => {
    const page = await open('/', options);
    for (const path of views) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      await page.waitForLoadState('networkidle');
      expect(await accessibilityFaults(page), path).toEqual([]);
      const sideways = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect(sideways, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
    }
    expectNoFaults();
  });

  it('axe finds nothing serious in an answer with its thoughts unfolded', async () => {
    const page = await open('/');
    await ask(page, bike, 'Low');
    await ended(page);
    await page.getByText('Thoughts', { exact: true }).click();
    await page.getByRole('button', { name: 'Ask again' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expectNoFaults();
  });

  // From here on the service has keys, and asks for one.
  describe('with keys', () => {
    type Made = { secret: string };
    let keyless: Made;
    let hurried: Made;
    beforeAll(async () => {
      const make = async (body: object, secret?: string): Promise<Made> => {
        const answer = await fetch(`${suite.url}/v1/keys`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
          },
          body: JSON.stringify(body),
        });
        return answer.json();
      };
      const admin = await make({ name: 'admin', scopes: ['admin', 'trace:full', 'feedback'] });
      keyless = await make({ name: 'no scope' }, admin.secret);
      hurried = await make({ name: 'one a minute', requests_per_minute: 1 }, admin.secret);
    });

    async function enterKey(page: Page, { secret }: Made): Promise<void> {
      await page.getByRole('alert').filter({ hasText: 'A key is needed' }).getByRole('button').click();
      await page.getByRole('textbox', { name: 'Key', exact: true }).fill(secret);
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByRole('button', { name: 'Key is set' }).waitFor();
    }

    it('asks for a key, and shows no thought to one without scope', async () => {
      const page = await open('/');
      // What Medium spends stands in the models' list, which needs the key.
      await page.getByRole('alert').filter({ hasText: 'A key is needed' }).waitFor();
      const options = page.getByRole('button', { name: 'Budget, model and system prompt' });
      expect(await options.textContent()).toBe('Budget, model and system prompt');
      await enterKey(page, keyless);
      await page.getByText(/^up to [\d,]+ tokens/).waitFor();
      await ask(page, bike, 'Medium');
      await page.getByRole('progressbar', { name: 'Thinking budget' }).waitFor();
      await ended(page);
      const article = page.getByRole('article');
      await article.getByText('This key may not see thoughts.').waitFor();
      // Without a trace its time is known with the wait alone, and to the second.
      await article.getByText(/^Thought, [\d,]+ of [\d,]+ tokens, (< 1|≈ \d+) s including queue time/).waitFor();
      const text = await article.textContent();
      expect(text).toMatch(/answer is/);
      expect(text).not.toMatch(/Draft|Chain \d|Still needed|said/);
      expect(await article.locator('del').count()).toBe(0);
      expect(await article.getByRole('link', { name: 'Trace' }).count()).toBe(0);
    });

    it('says when there were too many requests, and when to come again', async () => {
      const page = await open('/');
      await enterKey(page, hurried);
      await ask(page, 'What is 2 + 2?', 'Fast');
      await ended(page);
      await page.getByRole('textbox', { name: 'Question' }).fill('And 3 + 3?');
      await page.keyboard.press('Enter');
      const told = page.getByRole('alert').filter({ hasText: 'Too many requests' });
      await told.getByText(/^Trying again in \d+ s\.$/).waitFor();
      expect(await page.getByRole('textbox', { name: 'Question' }).inputValue()).toBe('And 3 + 3?');
      expect(await accessibilityFaults(page)).toEqual([]);
    });
  });
});

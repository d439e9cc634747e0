import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { getJson, postJson, realService } from '../support/start-service.ts';
import { startSlowServer, startUpstreamServer } from '../support/upstream-server.ts';
import { accessibilityFaults, consoleSuite, withoutChromium } from './browser.ts';

const bike =
  'Tara wants to buy a bike for $55. Tara saves $6 a week and already has $7. How many weeks does Tara need to save?';
const views = ['/', '/compare', '/jobs', '/trace', '/eval', '/settings'];

const longWord = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'.repeat(3);
const longKorean = '띄어쓰기없이아주길게이어지는한국어'.repeat(10);
const fence = '```';
const tokens = (text: string) => text.match(/\s*\S+|\s+$/g) ?? [];
const longNames = { id: `organisation-of-a-long-name/${'Model-'.repeat(16)}Q8_0`, slow: `slow-${'model-'.repeat(16)}` };

/** The embedded model, and two of long names beside it: one writes words that nothing breaks, one never ends. */
async function serviceOfLongWords() {
  const slow = await startSlowServer();
  const server = await startUpstreamServer({
    dialect: 'vllm',
    script: {
      thoughts: tokens(
        `First ${longWord}.\n40 + 2 = 43 ${longWord}.\n${longKorean}\n40 + 2 = 42.\nSo it is ${longWord}.\n`,
      ),
      answer: tokens(
        [
          `# ${longWord}`,
          `- **${longKorean}** \`${longWord}\``,
          `${fence}js\nconst a = "${longWord}";\n${fence}`,
          `| ${'Heading | '.repeat(9)}\n| ${'--- | '.repeat(9)}\n| ${`${longWord} | `.repeat(9)}`,
          `$$${'\\frac{a}{b} + '.repeat(40)}1$$`,
        ].join('\n\n'),
      ),
    },
  });
  const named = { ...slow.entry, id: longNames.id, url: server.url };
  const models = ['./models/thinkfirst-135m', named, { ...slow.entry, id: longNames.slow }];
  const service = await realService({ THINKFIRST_MODELS: JSON.stringify(models) });
  return {
    ...service,
    async stop() {
      await service.stop();
      await Promise.all([server.close(), slow.close()]);
    },
  };
}

describe.skipIf(withoutChromium)('the console', () => {
  const suite = consoleSuite(serviceOfLongWords);
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
    await page.getByText(/^Answered without thinking in .* tokens$/).waitFor();

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
    await firstChain.waitFor();
    expectNoFaults();
  });

  it('compares efforts side by side, in one line, and opens the link again', async () => {
    const page = await open('/');
    // The first example is this question; a press on it asks.
    await page.getByRole('link', { name: 'See both side by side' }).first().click();
    await page.locator('article[aria-busy=false]').nth(1).waitFor();
    const line = page.getByRole('status').filter({ hasText: /compared with Fast: [+−][\d,]+ tokens/ });
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
      const told = (await row.getByTitle(/including the wait for a worker/).textContent())?.replace(' incl. wait', '');
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
    // What was answered stays beside it; without the first column, the other answer does.
    await page.getByText('Not asked yet.').waitFor();
    expect(await outcomes.allTextContents()).toEqual(answers);
    await page.getByRole('button', { name: 'Remove column 1' }).click();
    await expect.poll(() => outcomes.allTextContents()).toEqual(answers.slice(1));
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

  it('never scrolls sideways, at any width, in either language, whatever names and words there are', async () => {
    const post = async (body: object) => (await postJson(`${suite.url}/v1/responses`, body)).body.id;
    const asked = { model: longNames.id, input: `Is it ${longWord}? ${longKorean}` };
    const checks = [{ type: 'arithmetic' }, { type: 'expected', value: longWord }];
    const [thought, fast, running] = await Promise.all([
      post({ ...asked, reasoning: { effort: 'high', checks } }),
      post({ ...asked, mode: 'fast' }),
      post({ ...asked, model: longNames.slow, reasoning: { effort: 'high' }, background: true }),
    ]);
    const compared = new URLSearchParams([['q', longWord], ...[fast, thought].map((id) => ['r', id])]);
    /** Each with what is there once it has been read. */
    const pages = [
      ['/', 'button[aria-expanded]'],
      ['/compare', 'fieldset'],
      ['/jobs', 'td [role=progressbar]'],
      ['/trace', 'main li'],
      ['/eval', 'main svg[role=img]'],
      ['/settings', 'main pre'],
      [`/compare?${compared}`, 'article[aria-busy=false] table'],
      [`/?r=${thought}`, 'article[aria-busy=false] table'],
      [`/?r=${running}`, 'article[aria-busy=true]'],
      [`/trace/${thought}`, 'main figure'],
      [`/trace/${running}`, 'main dl'],
    ] as const;
    const found: string[] = [];
    for (const locale of ['en', 'ko']) {
      const page = await open('/', { locale });
      await page.route('**/v1/evaluations', async (route) => {
        const response = await route.fetch();
        const lengthened = (await response.text()).replace(/"(model|set|kind|arm)":"/g, `$&${longWord}`);
        await route.fulfill({ response, body: lengthened });
      });
      for (const [path, isThere] of pages) {
        await page.setViewportSize({ width: 1280, height: 560 });
        await page.goto(path);
        await page.locator(isThere).first().waitFor({ state: 'attached' });
        if (path === '/') await page.locator(isThere).last().click();
        if (path === `/?r=${thought}`) await page.locator('button:has(.lucide-pencil)').click();
        if (path === '/' || path === '/compare')
          for (const model of await page.locator(`select:has(option[value="${longNames.id}"])`).all())
            await model.selectOption(longNames.id);
        for (const box of await page.locator('main textarea').all()) await box.fill(longWord);
        await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");
        for (const width of [320, 390, 768, 1100, 1280, 1920]) {
          await page.setViewportSize({ width, height: 560 });
          const sideways = await page.evaluate<number>(sidewaysAtRest);
          if (sideways > 0) found.push(`${path.slice(0, 20)} (${locale}) at ${width} by ${sideways}`);
        }
      }
    }
    await fetch(`${suite.url}/v1/responses/${running}/cancel`, { method: 'POST' });
    expect(found).toEqual([]);
    expectNoFaults();
  });
});

/** px that the page is wider than its window, once what is drawn by its width is drawn anew. */
const sidewaysAtRest = `(async () => {
  const wide = () => document.documentElement.scrollWidth - innerWidth;
  for (let frame = 0; frame < 2 || (wide() > 0 && frame < 60); frame += 1) await new Promise(requestAnimationFrame);
  return wide();
})()`;

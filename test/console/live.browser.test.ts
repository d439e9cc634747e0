import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Script } from '../support/scripted-language-model.ts';
import { accessibilityFaults, consoleSuite, withoutChromium } from './browser.ts';
import { scriptedConsole } from './scripted-console.ts';

const lines = (count: number) =>
  Array.from({ length: count }, (_, line) => `Step ${line}: eight more words of this one thought.`).join('\n');
/** 5,000 tokens, and an answer of 600. */
const longThought = lines(556);
const longAnswer = Array.from({ length: 60 }, (_, line) => `Line ${line} of the answer has ten words in all.`).join(
  '\n\n',
);
const wrongLine = '40 + 2 = 43.';

/** Chains of their own value; every third one has a wrong line early on. */
let begun = 0;
const script: Script = ({ request }) => {
  const asked = request.prompt.messages.at(-1)?.content ?? '';
  if (asked.includes('fast')) return { thought: longThought, answer: longAnswer };
  const chain = begun % 3;
  const wrong = chain === 1 && request.thinking?.prefix === undefined;
  begun += 1;
  return { thought: `chain-${chain}\n${wrong ? `${wrongLine}\n` : ''}${lines(40)}\n`, answer: `${40 + chain}` };
};

describe.skipIf(withoutChromium)('a running answer', () => {
  const suite = consoleSuite(() => scriptedConsole(script, { tokensPerSecond: 300 }));

  async function start(options: BrowserContextOptions = {}, key?: string): Promise<Page> {
    const page = await suite.open(key === undefined ? '/' : '/healthz', options);
    if (key !== undefined) {
      await page.evaluate(`localStorage.setItem('thinkfirst.key', ${JSON.stringify(key)})`);
      await page.goto('/');
    }
    return page;
  }
  async function ask(page: Page, text: string, effort: string): Promise<void> {
    await page.getByRole('radio', { name: effort, exact: true }).click();
    await page.getByRole('textbox', { name: 'Question', exact: true }).fill(text);
    await page.getByRole('textbox', { name: 'Question', exact: true }).press('Enter');
  }
  const running = (page: Page) => page.locator('article[aria-busy=true]');
  const ended = (page: Page) => page.locator('article[aria-busy=false]').first().waitFor();

  it.each([
    ['a wide screen', {}],
    ['a phone', { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true }],
  ] satisfies [string, BrowserContextOptions][])(
    'keeps its end and its buttons in sight in every frame of 5,000 tokens at 300 a second, on %s',
    async (_, options) => {
      const page = await start(options);
      await ask(page, 'fast, please', 'Low');
      await running(page).waitFor();
      await page.evaluate(watchTheEnd);
      await page.getByRole('timer', { name: 'Time so far' }).waitFor();
      await page.getByText('Line 59 of the answer has ten words in all.').waitFor();
      await ended(page);
      await page.getByText(/^Thought for/).waitFor();
      const seen = await page.evaluate<{ frames: number; lost: number; outOfReach: number; height: number }>(
        'window.seen',
      );
      expect(seen.frames).toBeGreaterThan(50);
      expect(seen).toMatchObject({ lost: 0, outOfReach: 0 });
      // The page was longer than the screen: there was something to follow.
      expect(seen.height).toBeGreaterThan(1.5);
      // A reader who scrolls up is left alone.
      await page.mouse.move(180, 300);
      await page.mouse.wheel(0, -600);
      await page.getByRole('button', { name: 'To the latest' }).click();
      await page.getByRole('button', { name: 'To the latest' }).waitFor({ state: 'detached' });
    },
    120_000,
  );

  it('writes the thought of each chain as it comes, and strikes a wrong line through where it stands', async () => {
    const page = await start();
    await ask(page, 'chains, please', 'Medium');
    for (const chain of [1, 2, 3]) {
      await running(page)
        .getByRole('region', { name: `Chain ${chain}` })
        .getByText(/^chain-\d$/)
        .waitFor();
    }
    expect(await page.getByRole('button', { name: 'Answer now' }).count()).toBe(1);
    expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(1);
    expect(await accessibilityFaults(page)).toEqual([]);
    await running(page)
      .getByRole('region', { name: /^Chain/ })
      .locator('del', { hasText: wrongLine })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped.').waitFor();
    expect(suite.faults).toEqual([]);
  });

  it('says that the connection is lost, and catches up when it is back', async () => {
    const page = await start();
    await ask(page, 'fast, please', 'Low');
    await running(page)
      .getByText(/^Step 9\d:/)
      .first()
      .waitFor();
    await page.context().setOffline(true);
    await page.getByText('This machine is offline.').waitFor();
    await page.context().setOffline(false);
    await page.getByText('Line 59 of the answer has ten words in all.').waitFor();
    await ended(page);
    await page.getByText('Thoughts', { exact: true }).click();
    // Nothing of the thought is missing, and nothing is there twice.
    expect(
      await page
        .locator('article')
        .getByText(/^Step 1\d\d:/)
        .count(),
    ).toBe(100);
  });

  it('shows as much of it as the key may see', async () => {
    const full = await suite.service.makeKey(['admin', 'trace:full', 'feedback']);
    const summary = await suite.service.makeKey(['trace:summary']);
    const none = await suite.service.makeKey([]);
    for (const [key, seen] of [
      [full, /^chain-\d$/],
      [summary, /^Thinks in /],
      [none, undefined],
    ] as const) {
      const page = await start({}, key);
      await ask(page, 'chains, please', 'Medium');
      await page.getByRole('progressbar', { name: 'Thinking budget' }).waitFor();
      const chain = running(page).getByRole('region', { name: 'Chain 1' });
      if (seen === undefined) expect(await chain.count()).toBe(0);
      else await chain.getByText(seen).first().waitFor();
      await ended(page);
      if (key !== full) expect(await page.locator('body').textContent()).not.toMatch(/chain-\d|eight more words/);
      await suite.closePages();
    }
  });
});

/** Counts frames, those in which the end of the page was out of sight, and those in which Stop was. */
const watchTheEnd = `(() => {
  const seen = (window.seen = { frames: 0, lost: 0, outOfReach: 0, height: 0 });
  const covered = parseFloat(getComputedStyle(document.querySelector('main')).paddingBottom) || 0;
  const watch = (element, count) =>
    new IntersectionObserver((entries) => entries.forEach((entry) => entry.isIntersecting || count(entry)), {
      rootMargin: '0px 0px -' + covered + 'px 0px',
    }).observe(element);
  watch(document.querySelector('[data-end]'), () => (seen.lost += 1));
  const stop = [...document.querySelectorAll('button')].find((button) => button.textContent === 'Stop');
  // It goes when the answer has ended.
  watch(stop, () => stop.isConnected && (seen.outOfReach += 1));
  const frame = () => {
    seen.frames += 1;
    seen.height = Math.max(seen.height, document.documentElement.scrollHeight / innerHeight);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})()`;

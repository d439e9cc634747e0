import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Script } from '../support/scripted-language-model.ts';
import { accessibilityFaults, consoleSuite, withoutChromium } from './browser.ts';
import { scriptedConsole } from './scripted-console.ts';

const fence = '```';
const said: Readonly<Record<string, string>> = {
  Arabic: 'الجواب هو 42.\n\n- أولاً: 40 و 2.\n- ثانياً: 42.\n\nIn English: 42.',
  Korean: '답은 **42**입니다.\n\n1. 40과 2를 더합니다.',
  Code: `Like this:\n\n${fence}python\ndef add(a, b):\n    return a + b  # done\n${fence}\n\n${fence}\nplain\n${fence}`,
  Formulas: 'Of $x^2 + 1$, $5 and $10, and\n\n$$\ny = 2\n$$',
  Table: `| ${'A long heading | '.repeat(6)}\n| ${'--- | '.repeat(6)}\n| ${'Unbreakable | '.repeat(6)}`,
  Long: Array.from({ length: 90 }, (_, line) => `Paragraph ${line}.`).join('\n\n'),
};
const script: Script = ({ request }) => ({ answer: said[request.prompt.messages.at(-1)?.content ?? ''] ?? 'Nothing.' });

describe.skipIf(withoutChromium)('an answer is read', () => {
  const suite = consoleSuite(() => scriptedConsole(script));

  async function answer(question: string, options = {}) {
    return ask(await suite.open('/', options), question);
  }
  async function ask(page: Page, question: string) {
    await page.getByRole('radio', { name: 'Fast', exact: true }).click();
    await page.getByRole('textbox', { name: 'Question', exact: true }).fill(question);
    await page.keyboard.press('Enter');
    const article = page.locator('article[aria-busy=false]');
    await article.getByText(/^Answered without thinking/).waitFor();
    return { page, article };
  }
  /** Where a text stands within its block: 0 at the left edge, 1 at the right. */
  const place = (node: Element) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const [text, block] = [range.getBoundingClientRect(), node.getBoundingClientRect()];
    return Math.round((text.left + text.width / 2 - block.left) / block.width);
  };

  it('in Arabic from the right, and what is English in it from the left', async () => {
    const { page, article } = await answer('Arabic');
    expect(await article.getByText('الجواب هو 42.', { exact: true }).evaluate(place)).toBe(1);
    expect(await article.getByText('أولاً: 40 و 2.', { exact: true }).evaluate(place)).toBe(1);
    expect(await article.getByText('In English: 42.', { exact: true }).evaluate(place)).toBe(0);
    // The marks of a list stand within the card, on the side where its lines begin.
    const [list, card] = [await article.locator('ul').first().boundingBox(), await article.boundingBox()];
    expect((list?.x ?? 0) + (list?.width ?? 0)).toBeLessThanOrEqual((card?.x ?? 0) + (card?.width ?? 0));
    expect(
      await article
        .locator('ul')
        .first()
        .evaluate((node) => getComputedStyle(node).direction),
    ).toBe('rtl');
    await page.getByRole('textbox', { name: 'Question', exact: true }).fill('مرحبا');
    expect(suite.faults).toEqual([]);
  });

  it('in Korean', async () => {
    const { article } = await answer('Korean', { locale: 'en-US' });
    await article.locator('strong', { hasText: '42' }).waitFor();
    await article.getByRole('listitem').getByText('40과 2를 더합니다.', { exact: true }).waitFor();
  });

  it('as code with its language, its colours and a button that copies it', async () => {
    const { page, article } = await answer('Code');
    const python = article.getByRole('figure').first();
    expect(await python.locator('figcaption').textContent()).toMatch(/^python/);
    await python.locator('.hljs-keyword', { hasText: 'return' }).waitFor();
    await python.getByRole('button', { name: 'Copy' }).click();
    await python.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('def add(a, b):\n    return a + b  # done');
    expect(await article.getByRole('figure').count()).toBe(2);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(suite.faults).toEqual([]);
  });

  it('with formulas within a line and of their own, and money left alone', async () => {
    const { article } = await answer('Formulas');
    await article.locator('math').nth(1).waitFor();
    expect(await article.locator('math').count()).toBe(2);
    expect(await article.textContent()).toContain('$5 and $10');
  });

  it('as a table that scrolls on a phone, with its words whole', async () => {
    const { page, article } = await answer('Table', { viewport: { width: 360, height: 640 }, isMobile: true });
    const cell = article.getByRole('cell', { name: 'Unbreakable' }).first();
    const height = (await cell.boundingBox())?.height ?? 0;
    // One line: no word is cut.
    expect(height).toBeLessThan(45);
    const scrolls = await article.locator('table').evaluate((table) => {
      const around = table.parentElement;
      return around !== null && around.scrollWidth > around.clientWidth;
    });
    expect(scrolls).toBe(true);
    expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0);
  });

  it('whole at first, even if it ended before the page looked', async () => {
    const page = await suite.open('/');
    // The first look waits for the end of the response.
    await page.route(/\/v1\/responses\/resp_[^/?]+$/, (route) =>
      route.continue({ url: `${route.request().url()}?wait=30` }),
    );
    const { article } = await ask(page, 'Long');
    await article.getByRole('button', { name: 'Fold', exact: true }).waitFor();
    await article.getByText(/^The answer has arrived/).waitFor({ state: 'attached' });
  });

  it('folded where it is long, once it is opened again', async () => {
    const { page, article } = await answer('Long');
    await article.getByRole('button', { name: 'Fold', exact: true }).waitFor();
    await page.reload();
    const unfold = article.getByRole('button', { name: 'Show all of it' });
    await unfold.waitFor();
    const folded = (await article.boundingBox())?.height ?? 0;
    await unfold.click();
    await article.getByRole('button', { name: 'Fold', exact: true }).waitFor();
    expect((await article.boundingBox())?.height ?? 0).toBeGreaterThan(2 * folded);
  });
});

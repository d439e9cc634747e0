import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import temml from 'temml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formulaSettings } from '../../console/src/components/formula-settings.ts';
import { launchChromium, withoutChromium } from './browser.ts';

describe.skipIf(withoutChromium)('a formula', () => {
  let browser: Browser;
  let style: string;
  beforeAll(async () => {
    browser = await launchChromium();
    style = await readFile(new URL('../../console/src/components/formula.module.css', import.meta.url), 'utf8');
  });
  afterAll(() => browser?.close());

  it.each([
    '\\rule{9999em}{9999em}',
    '\\raisebox{200pt}{\\rule{9999em}{9999em}}',
    '\\raisebox{-200pt}{\\rule{9999em}{9999em}}',
    '\\kern-9999em\\rule{9999em}{9999em}',
    '\\llap{\\rule{9999em}{9999em}}',
    '\\rlap{\\rule{9999em}{9999em}}',
    '\\smash{\\rule{9999em}{9999em}}',
  ])('%s paints nothing outside its place on the page', async (tex) => {
    const page = await browser.newPage();
    const formula = (displayMode: boolean) =>
      `<span class="${displayMode ? 'display' : 'inline'}">${temml.renderToString(tex, { ...formulaSettings, displayMode })}</span>`;
    await page.setContent(
      `<style>${style} article { margin: 20em; }</style><article><p>a ${formula(false)} b</p>${formula(true)}<p>c</p></article>`,
    );
    expect(await page.locator('math').count()).toBe(2);
    for (const at of [0, 1]) {
      await page.locator('math').nth(at).scrollIntoViewIfNeeded();
      expect(await page.evaluate(paintedElsewhere)).toEqual([]);
    }
    await page.close();
  });
});

/** Points of the page, 8 px apart, where a formula is hit outside the element that holds it, or where that lies outside its text. */
const paintedElsewhere = `(() => {
  const holds = ({ left, right, top, bottom }, x, y) => x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1;
  const article = document.querySelector('article').getBoundingClientRect();
  const found = [];
  for (let x = 0; x < innerWidth; x += 8)
    for (let y = 0; y < innerHeight; y += 8) {
      const math = document.elementFromPoint(x, y)?.closest('math');
      if (math == null) continue;
      const place = math.parentElement.getBoundingClientRect();
      if (!holds(place, x, y) || !holds(article, x, y)) found.push([x, y]);
    }
  return found.slice(0, 5);
})()`;

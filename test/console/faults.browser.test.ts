import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { getJson, realService } from '../support/start-service.ts';
import { serviceWithSlowModel } from '../support/upstream-server.ts';
import { accessibilityFaults, consoleSuite, withoutChromium } from './browser.ts';

describe.skipIf(withoutChromium)('the console, where something is in the way', () => {
  const suite = consoleSuite(realService);

  async function open(path: string): Promise<Page> {
    const page = await suite.open(path);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    return page;
  }
  const focused = (page: Page) =>
    page.evaluate<string>('document.activeElement?.ariaLabel ?? document.activeElement?.textContent ?? ""');
  const question = (page: Page) => page.getByRole('textbox', { name: 'Question' });
  const withoutKey = async (path: string) => (await fetch(`${suite.url}${path}`)).status;

  it.each([
    ['Ask', '/settings', 'Ask fast, or let it think first.'],
    ['Compare', '/', 'Compare'],
    ['Jobs', '/', 'Jobs'],
    ['Eval', '/', 'Eval'],
    ['Settings', '/', 'Settings'],
  ])('%s, opened while nothing answers, opens by itself once the service is back', async (name, from, heading) => {
    const page = await open(from);
    await page.context().setOffline(true);
    await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { name: 'The service does not answer' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.context().setOffline(false);
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    expect(await page.getByText('This view stopped working').count()).toBe(0);
    await page.getByText('The service does not answer').waitFor({ state: 'detached' });
    // With its style: what it looks like is not lost with the first attempt.
    const display = `getComputedStyle(document.querySelector('main > div')).display`;
    // Unstyled it is a block.
    expect(await page.evaluate<string>(display)).toMatch(/^(grid|flex)$/);
  });

  it('reads what a view shows again once the service is back', async () => {
    const page = await open('/settings');
    await page.getByText('Full: every thought').waitFor();
    await page.getByRole('link', { name: 'Compare' }).click();
    await page.getByRole('heading', { level: 1, name: 'Compare' }).waitFor();
    await page.context().setOffline(true);
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('alert').filter({ hasText: 'The service does not answer' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(1);
    await page.context().setOffline(false);
    await page.getByText('Full: every thought').waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  it('offers no second try for what no retry mends, and keeps the start page', async () => {
    const page = await open('/');
    await question(page).fill('word '.repeat(12_000));
    await question(page).press('Enter');
    const told = page.getByRole('alert');
    await told.filter({ hasText: 'The service did not accept this' }).waitFor();
    expect(await told.getByRole('button').count()).toBe(0);
    expect(await page.getByRole('heading', { name: 'Ask fast, or let it think first.' }).count()).toBe(1);
    expect(await page.getByRole('button', { name: /Tara wants to buy a bike/ }).count()).toBe(1);
  });

  it('a dialog begins on its first field, saves with Enter, and gives the focus back on Escape', async () => {
    const page = await open('/');
    await page.getByRole('button', { name: 'Enter a key' }).click();
    await page.getByRole('textbox', { name: 'Key', exact: true }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => focused(page)).toBe('Enter a key');
    await page.getByRole('button', { name: 'Enter a key' }).click();
    await page.keyboard.type('tf_test');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Key is set' }).waitFor();
  });

  it('a first key is an owner’s, and closes the service only once it is copied', async () => {
    const page = await open('/settings');
    const name = page.getByRole('textbox', { name: 'Name' });
    const dialog = page.getByRole('dialog');
    await name.fill('owner');
    expect(await page.getByRole('combobox', { name: 'Trace' }).inputValue()).toBe('trace:full');
    expect(await page.getByRole('checkbox', { name: 'admin' }).isChecked()).toBe(true);
    expect(await page.getByRole('checkbox', { name: 'admin' }).isDisabled()).toBe(true);
    await name.press('Enter');
    await dialog.waitFor();
    await expect.poll(() => focused(page)).toBe('Copy');
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await withoutKey('/v1/responses')).toBe(200);
    // Left without a copy: nothing is closed, nobody is locked out.
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(async () => (await getJson(`${suite.url}/v1/keys`)).data).toEqual([]);

    await name.fill('owner');
    await name.press('Enter');
    const close = dialog.getByRole('button', { name: 'Require keys from now on' });
    expect(await close.isDisabled()).toBe(true);
    await dialog.getByRole('button', { name: 'Copy' }).click();
    await dialog.getByRole('button', { name: 'Copied' }).waitFor();
    const secret = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(secret).toMatch(/^tf_/);
    expect(await withoutKey('/v1/responses')).toBe(200);
    await close.click();
    await page.getByRole('button', { name: 'Key is set' }).waitFor();
    await page.getByRole('button', { name: 'Revoke: owner' }).waitFor();
    expect(await withoutKey('/v1/responses')).toBe(401);
  });

  it.each(['/', '/compare', '/jobs', '/settings'])(
    'asks for a key once on %s, whatever failed without it',
    async (path) => {
      const page = await open(path);
      const told = page.getByRole('alert').filter({ hasText: 'A key is needed' });
      await told.first().waitFor();
      if (path === '/' || path === '/compare') {
        await question(page).fill('What is 2 + 2?');
        const refused = page.waitForResponse((answer) => answer.request().method() === 'POST');
        await question(page).press('Enter');
        await refused;
        await page.waitForLoadState('networkidle');
      }
      expect(await told.count()).toBe(1);
      if (path === '/') expect(await page.getByRole('button', { name: /Tara wants to buy a bike/ }).count()).toBe(1);
    },
  );

  it('says that it is not known whether the answer goes on, where the service was killed', async () => {
    const killed = await serviceWithSlowModel([]);
    try {
      const page = await suite.open('/', { url: killed.url });
      await page.getByRole('radio', { name: 'High' }).click();
      await question(page).fill('What is 2 + 2?');
      await question(page).press('Enter');
      await page.locator('article[aria-busy=true]').waitFor();
      killed.kill('SIGKILL');
      await page.getByText('The page does not know whether the service continues this answer.').waitFor();
      expect(await page.getByRole('main').textContent()).not.toMatch(/goes on in the service|answer goes on;|is lost:/);
    } finally {
      await killed.stop();
    }
  });
});

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContextOptions, chromium } from 'playwright-core';
import { dataFolder, postJson, startService } from '../../test/support/start-service.ts';
import { question, shots } from './shots.ts';

/**
 * `npm run screenshots [-- NAME…]`: pictures of every view, or of those named, in light, dark and phone size, from the real
 * service with the embedded model, into `docs/images`. Needs Chromium (Debian's `chromium`; CHROMIUM_PATH names another).
 */
const folder = fileURLToPath(new URL('../../docs/images', import.meta.url));
const waitMs = 180_000;
const looks = {
  light: { viewport: { width: 1280, height: 860 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1.5 },
} satisfies Record<string, BrowserContextOptions>;

const names = process.argv.slice(2);
const chosen = shots.filter(({ name }) => names.length === 0 || names.includes(name));
mkdirSync(folder, { recursive: true });
const data = await dataFolder();
const service = await startService('start', { THINKFIRST_DATA: data.path });
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const asked = { input: question, reasoning: { effort: 'medium' } };
  await postJson(`${service.url}/v1/responses`, { input: question, mode: 'fast' });
  const { body } = await postJson(`${service.url}/v1/responses`, asked);
  for (const [look, options] of Object.entries(looks)) {
    for (const { name, prepare } of chosen) {
      const context = await browser.newContext({ baseURL: service.url, locale: 'en-US', ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(waitMs);
      await prepare(page, { deliberateId: body.id });
      const path = join(folder, `console-${name}-${look}.png`);
      await page.screenshot({ path, animations: 'disabled' });
      process.stdout.write(`${path}\n`);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await service.stop();
  await data.remove();
}

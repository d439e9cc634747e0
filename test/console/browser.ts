import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Debian's package; CHROMIUM_PATH names another. */
const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Where there is no Chromium these tests are skipped; the gate sets REQUIRE_CHROMIUM, so that there they fail instead. */
export const withoutChromium = !existsSync(executablePath) && process.env['REQUIRE_CHROMIUM'] === undefined;

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

/** Keeps the embedded model thinking for long at high effort: each chain writes all of it twice. */
export const longThought =
  'Sort these numbers from smallest to largest: 10, 47, 84, 32, 69, 17, 54, 91, 39, 76, 24, 61, 98, 46, 83, 31, 68, 16, 53, 90, 38, 75, 23, 60, 97, 45, 82, 30, 67, 15, 52, 89, 37, 74, 22, 59';

/** A page of its own, with what it must not do: errors on its console, requests to elsewhere. */
export type WatchedPage = { page: Page; faults: string[]; close(): Promise<void> };

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-US', baseURL: url, ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => faults.push(`thrown: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) faults.push(`left the machine: ${request.url()}`);
  });
  return { page, faults, close: () => context.close() };
}

/** Serious and critical findings of axe on the page as it is, one line each. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  // biome-ignore lint/suspicious/noExplicitAny: the page's own global
  const violations = await page.evaluate(async () => (await (globalThis as any).axe.run()).violations);
  return violations
    .filter(({ impact }: { impact: string }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }: { id: string; nodes: { target: string[]; failureSummary: string }[] }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
    );
}

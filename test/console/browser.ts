import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';

/** Debian's package; CHROMIUM_PATH names another. */
const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Where there is no Chromium these tests are skipped; the gate sets REQUIRE_CHROMIUM, so that there they fail instead. */
export const withoutChromium = !existsSync(executablePath) && process.env['REQUIRE_CHROMIUM'] === undefined;

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

/** ms that a suite waits for what the embedded model does, on a busy machine too. */
const longMs = 150_000;

/** A page of its own, with what it must not do: errors on its console, requests to elsewhere. */
type WatchedPage = { page: Page; faults: string[]; close(): Promise<void> };

async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-US', baseURL: url, ...options });
  // Of the context: a tab that a test opens beside the first waits as long.
  context.setDefaultTimeout(longMs);
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

/** What a suite opens pages of; `stop` ends it. */
type Served = { url: string; stop(): Promise<unknown> };

/** A service and a Chromium for all tests of a suite, begun before them and ended behind them; each test's pages are closed. */
export function consoleSuite<S extends Served>(start: () => Promise<S>) {
  let running: { service: S; browser: Browser } | undefined;
  const pages: WatchedPage[] = [];
  const up = () => {
    if (running === undefined) throw new Error('The suite has not begun.');
    return running;
  };
  const closePages = async () => {
    for (const page of pages.splice(0)) await page.close();
  };
  beforeAll(async () => {
    const [service, browser] = await Promise.all([start(), launchChromium()]);
    running = { service, browser };
  });
  afterAll(async () => {
    await running?.browser.close();
    await running?.service.stop();
  });
  afterEach(closePages);
  return {
    get url() {
      return up().service.url;
    },
    get service() {
      return up().service;
    },
    /** What this test's pages must not have done. */
    get faults() {
      return pages.flatMap(({ faults }) => faults);
    },
    /** Opens a page of its own at a path; `url`: of another service. */
    async open(path: string, { url = up().service.url, ...options }: BrowserContextOptions & { url?: string } = {}) {
      const watched = await openPage(up().browser, url, options);
      pages.push(watched);
      await watched.page.goto(path);
      return watched.page;
    },
    closePages,
  };
}

/**
 * Serious and critical findings of axe on the page as it is, one line each. What is still appearing is taken as it will
 * stand: half-way through its animation any text is pale.
 */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(`for (const each of document.getAnimations())
    if (each.effect.getComputedTiming().endTime < Infinity) each.finish()`);
  await page.evaluate(axe.source);
  // biome-ignore lint/suspicious/noExplicitAny: the page's own global
  const violations = await page.evaluate(async () => (await (globalThis as any).axe.run()).violations);
  return violations
    .filter(({ impact }: { impact: string }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }: { id: string; nodes: { target: string[]; failureSummary: string }[] }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
    );
}

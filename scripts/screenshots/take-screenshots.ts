import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { type BrowserContextOptions, chromium } from 'playwright-core';
import { parseEnvironment } from '../../src/entry/environment.ts';
import { createServerTools } from '../../src/entry/server-tools.ts';
import { scriptedConsole } from '../../test/console/scripted-console.ts';
import type { Script } from '../../test/support/scripted-language-model.ts';
import { codeCall } from '../../test/support/scripted-tool.ts';
import { dataFolder, postJson, startService } from '../../test/support/start-service.ts';
import { question, shots } from './shots.ts';

/**
 * `npm run screenshots [-- NAME…]`: pictures of every view, or of those named, in light, dark and phone size, from the real
 * service with the embedded model (tools: with a scripted model and the real Python), into `docs/images`. Needs Chromium (Debian's `chromium`; CHROMIUM_PATH names another).
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
const tools = createServerTools({
  environment: parseEnvironment({}),
  variables: {},
  worker: true,
  log: pino({ level: 'silent' }),
});
const scripted = await scriptedConsole(countsPrimes(), { openTool: tools.openTool });
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
    for (const { name, prepare, scripted: needsScript } of chosen) {
      const { url } = needsScript === true ? scripted : service;
      const context = await browser.newContext({ baseURL: url, locale: 'en-US', ...options });
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
  await scripted.stop();
  await tools.close();
  await data.remove();
}

/** Calls Python twice: the first program has a mistake. */
function countsPrimes(): Script {
  const program = (test: string) =>
    `def is_prime(n):\n    return all(n % d for d in range(2, ${test} + 1))\n\nprint(sum(is_prime(n) for n in range(2, 10_000)))`;
  return ({ request }) => {
    const results = request.prompt.messages.flatMap(({ role, content }) => (role === 'tool' ? [content] : []));
    if (results.length === 2)
      return { thought: 'That is the count.', answer: `There are ${results.at(-1)?.trim()} primes.` };
    const code = program(results.length === 0 ? 'isqrt(n)' : 'int(n ** 0.5)');
    const thought = results.length === 0 ? 'I count them with a program.' : 'isqrt was not imported. I do without it.';
    return { thought, answer: '', toolCalls: [codeCall(code)] };
  };
}

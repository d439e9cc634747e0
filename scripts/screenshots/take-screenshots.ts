import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { type BrowserContextOptions, chromium } from 'playwright-core';
import sharp from 'sharp';
import { parseEnvironment } from '../../src/entry/environment.ts';
import { createServerTools } from '../../src/entry/server-tools.ts';
import { scriptedConsole } from '../../test/console/scripted-console.ts';
import type { ScriptedSample, ScriptedTurn } from '../../test/support/scripted-language-model.ts';
import { codeCall } from '../../test/support/scripted-tool.ts';
import { dataFolder, postJson, startService } from '../../test/support/start-service.ts';
import { type Look, question, type Served, shots } from './shots.ts';

/**
 * `npm run screenshots [-- NAME…]`: the console's pictures of the documents, or those named, from the real service with the
 * embedded model (of tools: from a scripted model and the real Python), into `docs/images`. `--all FOLDER` takes every view in
 * light, dark and phone size into that folder instead. Needs Chromium (Debian's `chromium`; CHROMIUM_PATH names another).
 */
const { values, positionals: names } = parseArgs({ allowPositionals: true, options: { all: { type: 'string' } } });
const folder = values.all ?? fileURLToPath(new URL('../../docs/images', import.meta.url));
const waitMs = 180_000;
const looks: Readonly<Record<Look, BrowserContextOptions>> = {
  light: { viewport: { width: 1280, height: 860 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1.5 },
};
const all: readonly Look[] = ['light', 'dark', 'phone'];

const chosen = shots
  .filter(({ name }) => names.length === 0 || names.includes(name))
  .flatMap((shot) => (values.all === undefined ? shot.shown : all).map((look) => ({ ...shot, look })));
mkdirSync(folder, { recursive: true });
const scripted = chosen.some(({ from }) => from === 'scripted') ? await scriptedService() : undefined;
const real = chosen.some(({ from }) => from === 'real') ? await realService() : undefined;
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  for (const { name, look, from, prepare } of chosen) {
    const served = from === 'real' ? real : scripted;
    if (served === undefined) continue;
    const context = await browser.newContext({ baseURL: served.url, locale: 'en-US', ...looks[look] });
    const page = await context.newPage();
    page.setDefaultTimeout(waitMs);
    await prepare(page, served);
    const path = join(folder, `console-${name}-${look}.png`);
    // Of a page, 256 colours are enough: half the size.
    await sharp(await page.screenshot({ animations: 'disabled' }))
      .png({ palette: true, effort: 10 })
      .toFile(path);
    process.stdout.write(`${path}\n`);
    await context.close();
  }
} finally {
  await browser.close();
  await real?.stop();
  await scripted?.stop();
}

/** The real service, with one question answered fast and with thinking. */
async function realService(): Promise<Served> {
  const data = await dataFolder();
  const service = await startService('start', { THINKFIRST_DATA: data.path });
  await postJson(`${service.url}/v1/responses`, { input: question, mode: 'fast' });
  const { body } = await postJson(`${service.url}/v1/responses`, { input: question, reasoning: { effort: 'medium' } });
  const stop = async () => {
    await service.stop();
    await data.remove();
  };
  return { url: service.url, deliberateId: String(body.id), stop };
}

/** A model that calls Python twice; its first program has a mistake. */
async function scriptedService(): Promise<Served> {
  const tools = createServerTools({
    environment: parseEnvironment({}),
    variables: {},
    worker: true,
    log: pino({ level: 'silent' }),
  });
  // The first start of Python takes seconds; what is shown is a call.
  await tools.runPython('print(1)', { signal: AbortSignal.timeout(waitMs) });
  const service = await scriptedConsole(countsPrimes, { openTool: tools.openTool });
  const stop = async () => {
    await service.stop();
    await tools.close();
  };
  return { url: service.url, deliberateId: '', stop };
}

function countsPrimes({ request }: ScriptedTurn): ScriptedSample {
  const results = request.prompt.messages.flatMap(({ role, content }) => (role === 'tool' ? [content] : []));
  if (results.length === 2) {
    return { thought: 'That is the count.', answer: `The answer is ${results.at(-1)?.trim()}.` };
  }
  const root = results.length === 0 ? 'isqrt(10_000)' : 'int(10_000 ** 0.5)';
  const code = `divisors = range(2, ${root} + 1)\nprint(sum(all(n % d for d in divisors if d < n) for n in range(2, 10_000)))`;
  const thought = results.length === 0 ? 'I count them with a program.' : 'isqrt was not imported. I do without it.';
  return { thought, answer: '', toolCalls: [codeCall(code)] };
}

import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { gate } from '../support/queue-jobs.ts';
import type { Script } from '../support/scripted-language-model.ts';
import { codeCall, createScriptedTool, remoteTool } from '../support/scripted-tool.ts';
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
const chains = new Map<string, number>();
const script: Script = ({ request }) => {
  const asked = request.prompt.messages.at(-1)?.content ?? '';
  const { messages } = request.prompt;
  const results = messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
  const question = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  if (question.startsWith('compute')) {
    if (results.length === 2) return { thought: 'So it is 42.', answer: 'The answer is 42.' };
    const code = results.length === 0 ? 'print(6 * seven)' : 'for factor in [7]:\n    print(6 * factor)';
    return { thought: `Call ${results.length + 1}.`, answer: '', toolCalls: [codeCall(code)] };
  }
  if (question.startsWith('order')) {
    const last = results.at(-1);
    if (messages.at(-1)?.role === 'tool') return { thought: 'Done.', answer: `The shop said: ${last}` };
    return { thought: 'I order it.', answer: '', toolCalls: [{ name: 'shop__order', arguments: '{"item":"tea"}' }] };
  }
  if (asked.includes('fast')) return { thought: longThought, answer: longAnswer };
  if (asked.includes('patience')) return { thought: lines(1_200), answer: '42' };
  if (asked.includes('lines')) return { thought: lines(200), answer: longAnswer };
  const begun = chains.get(question) ?? 0;
  chains.set(question, begun + 1);
  const chain = begun % 3;
  const wrong = chain === 1 && request.thinking?.prefix === undefined;
  // A wrong line is struck, and its chain goes on from there, once all three have ended.
  const more = asked.includes('long revision') && begun >= 3 ? 1_000 : 40;
  return { thought: `chain-${chain}\n${wrong ? `${wrongLine}\n` : ''}${lines(more)}\n`, answer: `${40 + chain}` };
};

/** Python's first call fails, its second waits until a test lets it go. */
let letGo = (): void => undefined;
const python = createScriptedTool({
  async answer(_code, { inSession, signal }) {
    if (inSession === 1) return { output: "NameError: name 'seven' is not defined", isError: true, durationMs: 5 };
    await new Promise<void>((resolve, reject) => {
      letGo = resolve;
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    return { output: '42\n', isError: false, durationMs: 7 };
  },
});
/** The model says no more behind this word until a test lets it go on. */
let held = { behind: '', until: Promise.resolve() };
let goOn = (): void => undefined;
function hold(behind: string): void {
  const { promise, open } = gate();
  held = { behind, until: promise };
  goOn = open;
}
const shop = remoteTool({ needsApproval: true });

describe.skipIf(withoutChromium)('a running answer', () => {
  const suite = consoleSuite(() =>
    scriptedConsole(script, {
      tokensPerSecond: 300,
      holds: async (word) => void (word.trim() === held.behind && (await held.until)),
      mcpServers: ['shop'],
      openTool: async ({ type }) => (type === 'mcp' ? shop.open : python.open),
    }),
  );

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
  afterEach(() => goOn());
  const running = (page: Page) => page.locator('article[aria-busy=true]');
  const ended = (page: Page) => page.locator('article[aria-busy=false]').first().waitFor();

  it.each([
    ['5,000 tokens at 300 a second, on a wide screen', 'fast, please', {}],
    ['2,400, on a phone', 'lines, please', { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true }],
  ] satisfies [string, string, BrowserContextOptions][])(
    'keeps its end and its buttons in sight in every frame of %s',
    async (_, question, options) => {
      const page = await start(options);
      hold('30');
      await ask(page, question, 'Low');
      await running(page).waitFor();
      // In the bar, as is the button to stop it.
      await page.getByRole('timer', { name: 'Time so far' }).waitFor();
      await page.evaluate(watchTheEnd);
      // However few frames a busy machine draws, the answer's second half comes when many have been watched.
      await expect.poll(() => page.evaluate('window.seen.frames')).toBeGreaterThan(50);
      goOn();
      await page.getByText('Line 59 of the answer has ten words in all.').waitFor();
      await ended(page);
      await page.getByText(/^Thought for/).waitFor();
      const seen = await page.evaluate<{ frames: number; lost: number; outOfReach: number; height: number }>(
        'window.seen',
      );
      expect(seen).toMatchObject({ lost: 0, outOfReach: 0 });
      // The page was longer than the screen: there was something to follow.
      expect(seen.height).toBeGreaterThan(1.5);
      // A reader who scrolls up is left alone.
      await page.mouse.move(180, 300);
      await page.mouse.wheel(0, -600);
      await page.getByRole('button', { name: 'To the latest' }).click();
      await page.getByRole('button', { name: 'To the latest' }).waitFor({ state: 'detached' });
    },
  );

  it('writes the thought of each chain as it comes, and strikes a wrong line through where it stands', async () => {
    const page = await start();
    hold('900:');
    await ask(page, 'chains with a long revision, please', 'Medium');
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
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    goOn();
    await page.getByText('Stopped.').waitFor();
    expect(suite.faults).toEqual([]);
  });

  async function offer(page: Page, tool: string, options = 'Budget, model and system prompt'): Promise<void> {
    const panel = page.getByRole('button', { name: options });
    await panel.click();
    await page.getByRole('checkbox', { name: tool }).check();
    await panel.click();
  }
  const cards = (page: Page) => page.locator('details[data-state]');

  it('shows the calls of a tool as they happen, with the answer, and in the trace', async () => {
    const page = await start();
    await offer(page, 'Python, in a sandbox of the service');
    await ask(page, 'compute, please', 'Low');
    const live = running(page).getByRole('region', { name: 'Chain 1' });
    const failed = live.locator('details[data-state=failed]');
    await failed.getByText("NameError: name 'seven' is not defined").waitFor();
    const runs = live.locator('details[data-state=running]');
    await runs.getByText('running…').waitFor();
    // In the colours of its language.
    await runs.locator('code .hljs-keyword', { hasText: 'for' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    letGo();
    await ended(page);
    const used = page.getByRole('region', { name: 'Tools that the answer used' });
    await used.getByText('failed').waitFor();
    await used.locator('details[data-state=done] summary').click();
    await used.getByRole('region', { name: 'Output' }).getByText('42', { exact: true }).waitFor();
    // The same after a reload, from what is stored.
    await page.reload();
    await used.locator('details').nth(1).waitFor();
    expect(await used.locator('details').evaluateAll((all) => all.map((one) => one.dataset['state']))).toEqual([
      'failed',
      'done',
    ]);
    await page.getByRole('link', { name: 'Trace', exact: true }).last().click();
    await page
      .getByRole('button', { name: /Tool call/ })
      .first()
      .click();
    await cards(page).locator('code', { hasText: 'print(6 * seven)' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('says of a call that was stopped that it was interrupted', async () => {
    const page = await start();
    await offer(page, 'Python, in a sandbox of the service');
    await ask(page, 'compute, and be stopped', 'Low');
    await running(page).locator('details[data-state=running]').waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('Stopped.').waitFor();
    await page.getByText('Thoughts', { exact: true }).click();
    await cards(page).getByText('interrupted').waitFor();
    expect(await page.getByText(/has arrived/).count()).toBe(0);
    expect(await cards(page).count()).toBe(2);
  });

  it('asks before a call, and goes on with the decision', async () => {
    const page = await start();
    await offer(page, 'MCP server shop');
    await ask(page, 'order tea', 'Low');
    const request = page.getByRole('region', { name: 'Allow the call of “order” on the server “shop”?' });
    await request.getByText('"tea"').waitFor();
    expect(shop.calls).toEqual([]);
    expect(await accessibilityFaults(page)).toEqual([]);
    await request.getByRole('button', { name: 'Approve' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('article').getByText('The shop said: ordered tea').first().waitFor();
    await page.getByText('You approved the call of “order”.').waitFor();
    expect(shop.calls).toEqual(['tea']);
    await page.getByRole('region', { name: 'Tools that the answer used' }).getByText('of shop').waitFor();
    // What was decided can't be decided again.
    expect(await request.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    await page.reload();
    await page.getByText('You approved the call of “order”.').waitFor();
  });

  it('takes a no, in Korean', async () => {
    const page = await start({ locale: 'ko-KR' });
    await offer(page, 'MCP 서버 shop', '예산, 모델, 시스템 프롬프트');
    await page.getByRole('radio', { name: '낮음', exact: true }).click();
    await page.getByRole('textbox', { name: '질문', exact: true }).fill('order tea');
    await page.getByRole('textbox', { name: '질문', exact: true }).press('Enter');
    const before = shop.calls.length;
    await page.getByRole('region', { name: '‘shop’ 서버의 ‘order’ 호출을 허용할까요?' }).waitFor();
    await page.getByRole('button', { name: '거부' }).click();
    await page.locator('article').getByText('The shop said: The user declined this call.').first().waitFor();
    await page.getByText('‘order’ 호출을 거부했습니다.').waitFor();
    expect(shop.calls).toHaveLength(before);
  });

  /** Asks, and asks for the answer: what the service is told of it is held back until what is given lets it go, or loses it. */
  async function answerHeld(page: Page, words: { effort: string; question: string; answerNow: string }) {
    let release = (_fate: 'sent' | 'lost'): void => undefined;
    const released = new Promise<'sent' | 'lost'>((resolve) => {
      release = resolve;
    });
    await page.route('**/answer_now', async (route) => {
      await ((await released) === 'sent' ? route.continue() : route.abort());
    });
    hold('500:');
    await page.getByRole('radio', { name: words.effort, exact: true }).click();
    const question = page.getByRole('textbox', { name: words.question, exact: true });
    await question.fill('patience, please');
    await question.press('Enter');
    await running(page).getByText('Step 9:').waitFor();
    await page.getByRole('button', { name: words.answerNow, exact: true }).click();
    return release;
  }

  it('says that it answers as soon as it is told to, in every view, and answers', async () => {
    const page = await start();
    const release = await answerHeld(page, { effort: 'Low', question: 'Question', answerNow: 'Answer now' });
    await running(page).getByRole('status').getByText('Answering with the best result so far').waitFor();
    expect(await page.getByRole('button', { name: 'Answering…' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Answer now' }).count()).toBe(0);
    // In the bar, and over the chain.
    expect(await page.getByText('Answering', { exact: true }).count()).toBe(2);
    // What is left is in the list of all phases.
    expect(
      await running(page)
        .getByText(/^think(ing)?(…| ·|$)/i)
        .count(),
    ).toBe(1);
    expect(await running(page).locator('[data-now]').textContent()).toBe('Answer');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    const job = page.getByRole('row', { name: /patience, please/ });
    await job.getByText(/^Answering/).waitFor();
    expect(await job.getByRole('button', { name: /^Answer now/ }).isDisabled()).toBe(true);
    await job.getByRole('link', { name: /^Trace of/ }).click();
    const asked = page.getByRole('button', { name: 'Answering…' });
    await asked.waitFor();
    expect(await asked.isDisabled()).toBe(true);
    release('sent');
    goOn();
    await page.getByRole('link', { name: 'In its chat' }).click();
    await ended(page);
    await page.locator('article').getByText('you asked for the answer').waitFor();
    expect(suite.faults).toEqual([]);
  });

  it('moves nothing where the reader wants no motion', async () => {
    const page = await start({ reducedMotion: 'reduce' });
    hold('500:');
    await ask(page, 'patience, please', 'Medium');
    const moving = () =>
      page.evaluate<string[]>('document.getAnimations().map(({ effect }) => effect.target.outerHTML.slice(0, 80))');
    await running(page).locator('[data-now]', { hasText: 'Think' }).waitFor();
    await running(page)
      .getByText(/^Step 3:/)
      .first()
      .waitFor();
    expect(await moving()).toEqual([]);
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page
      .getByRole('row', { name: /patience, please/ })
      .first()
      .getByRole('progressbar')
      .waitFor();
    expect(await moving()).toEqual([]);
    await page
      .getByRole('link', { name: /^Trace of: patience/ })
      .first()
      .click();
    await page
      .getByRole('button', { name: /, running, / })
      .first()
      .waitFor();
    expect(await moving()).toEqual([]);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
  });

  it('says so in Korean, and that it thinks on if the service was not told', async () => {
    const page = await start({ locale: 'ko-KR' });
    const release = await answerHeld(page, { effort: '낮음', question: '질문', answerNow: '지금 답하기' });
    await running(page).getByRole('status').getByText('지금까지의 내용으로 답하는 중').waitFor();
    expect(await page.getByRole('button', { name: '답하는 중…' }).isDisabled()).toBe(true);
    expect(
      await running(page)
        .getByText(/^생각(하는)? 중/)
        .count(),
    ).toBe(0);
    release('lost');
    await running(page).getByRole('status').getByText('생각 중').waitFor();
    expect(await page.getByRole('button', { name: '지금 답하기', exact: true }).isDisabled()).toBe(false);
    await page.getByRole('button', { name: '멈추기', exact: true }).click();
    goOn();
    await ended(page);
  });

  it('is taken up after a reload, and stopped when told to', async () => {
    const page = await start();
    hold('500:');
    await ask(page, 'fast, and reloaded', 'Low');
    await page.getByRole('button', { name: 'Answer now' }).waitFor();
    await page.reload();
    await running(page).waitFor();
    expect(await page.locator('section', { hasText: 'fast, and reloaded' }).locator('article').count()).toBe(1);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    goOn();
    await page.getByText('Stopped.').waitFor();
    expect(suite.faults).toEqual([]);
  });

  it('says that the connection is lost, and catches up when it is back', async () => {
    const page = await start();
    hold('150:');
    await ask(page, 'lines, please', 'Low');
    await running(page)
      .getByText(/^Step 9\d:/)
      .first()
      .waitFor();
    await page.context().setOffline(true);
    await page.getByText('This machine is offline.').waitFor();
    goOn();
    await page.context().setOffline(false);
    await page.locator('article').getByText('Line 59 of the answer has ten words in all.').waitFor();
    await ended(page);
    await page.getByText('Thoughts', { exact: true }).click();
    // Nothing of the thought is missing, and nothing is there twice. Its stream may come back later than the answer's.
    await expect
      .poll(() =>
        page
          .locator('article')
          .getByText(/^Step 1\d\d:/)
          .count(),
      )
      .toBe(100);
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
      hold('9:');
      await ask(page, 'chains, please', 'Medium');
      await page.getByRole('progressbar', { name: 'Thinking budget' }).waitFor();
      const chain = running(page).getByRole('region', { name: 'Chain 1' });
      if (seen === undefined) expect(await chain.count()).toBe(0);
      else await chain.getByText(seen).first().waitFor();
      goOn();
      await ended(page);
      if (key !== full) expect(await page.locator('body').textContent()).not.toMatch(/chain-\d|eight more words/);
      const article = page.locator('article');
      if (key === none) {
        await article.getByText('This key may not see thoughts.').waitFor();
        // Without a trace its time is known with the wait alone, and to the second.
        await article.getByText(/^Thought, [\d,]+ of [\d,]+ tokens, (< 1|≈ \d+) s including queue time/).waitFor();
        expect(await article.getByRole('link', { name: 'Trace' }).count()).toBe(0);
      } else {
        await article.getByText('Thoughts', { exact: true }).click();
        expect(await accessibilityFaults(page)).toEqual([]);
      }
      await suite.closePages();
    }
  });

  // From here on the service has keys.
  it('asks for a key where it needs one', async () => {
    const key = await suite.service.makeKey([]);
    const page = await start();
    const needed = page.getByRole('alert').filter({ hasText: 'A key is needed' });
    await needed.waitFor();
    // What Medium spends stands in the models' list, which needs the key.
    const options = page.getByRole('button', { name: 'Budget, model and system prompt' });
    expect(await options.textContent()).toBe('Budget, model and system prompt');
    await needed.getByRole('button').click();
    await page.getByRole('textbox', { name: 'Key', exact: true }).fill(key);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'Key is set' }).waitFor();
    await page.getByText(/^up to [\d,]+ tokens/).waitFor();
  });

  it('says when there were too many requests, and when to come again', async () => {
    // The first question makes its conversation and itself.
    const page = await start({}, await suite.service.makeKey([], { requests_per_minute: 2 }));
    await ask(page, 'What is 2 + 2?', 'Fast');
    await ended(page);
    await page.getByRole('textbox', { name: 'Question' }).fill('And 3 + 3?');
    await page.keyboard.press('Enter');
    const told = page.getByRole('alert').filter({ hasText: 'Too many requests' });
    await told.getByText(/^Trying again in \d+ s\.$/).waitFor();
    expect(await page.getByRole('textbox', { name: 'Question' }).inputValue()).toBe('And 3 + 3?');
    expect(await accessibilityFaults(page)).toEqual([]);
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

import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { gate } from '../support/queue-jobs.ts';
import type { Script } from '../support/scripted-language-model.ts';
import { accessibilityFaults, consoleSuite, withoutChromium } from './browser.ts';
import { scriptedConsole } from './scripted-console.ts';

/** Says what it was asked, so that each answer is known; `slowly`: for as long as a test needs it. */
const script: Script = ({ request }) => {
  const asked = request.prompt.messages.filter(({ role }) => role === 'user').map(({ content }) => content);
  const long = asked.at(-1)?.includes('slowly') === true;
  const parts = request.prompt.messages.flatMap((message) => (message.role === 'user' ? (message.parts ?? []) : []));
  const pictures = parts.filter(({ type }) => type === 'image').length;
  const seen = pictures === 0 ? '' : ` Pictures: ${pictures}.`;
  return { thought: 'Let me see.', answer: long ? 'word '.repeat(6_000) : `You said: ${asked.join(' | ')}.${seen}` };
};

describe.skipIf(withoutChromium)('conversations in the console', () => {
  const suite = consoleSuite(() => scriptedConsole(script, { tokensPerSecond: 1_000, inputs: ['text', 'image'] }));
  const start = (options: BrowserContextOptions = {}) => suite.open('/', options);
  afterEach(() => expect(suite.faults).toEqual([]));

  const question = (page: Page) => page.getByRole('textbox', { name: 'Question', exact: true });
  const answers = (page: Page) => page.locator('article[aria-busy=false]');
  const said = (page: Page, text: string) => answers(page).getByText(`You said: ${text}.`, { exact: true }).waitFor();
  const chats = (page: Page) => page.getByRole('region', { name: 'Conversations' });
  async function ask(page: Page, text: string): Promise<void> {
    await page.getByRole('radio', { name: 'Fast', exact: true }).click();
    await question(page).fill(text);
    await question(page).press('Enter');
  }

  it('comes back to the last chat, with its draft, and is listed, searched and renamed', async () => {
    const page = await start();
    await ask(page, 'Which fruit is red?');
    await said(page, 'Which fruit is red?');
    await question(page).fill('and not sent');
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
    await page.getByRole('link', { name: 'Ask', exact: true }).click();
    await said(page, 'Which fruit is red?');
    expect(await question(page).inputValue()).toBe('and not sent');
    await page.reload();
    await said(page, 'Which fruit is red?');
    expect(await question(page).inputValue()).toBe('and not sent');

    await chats(page).getByRole('button', { name: 'New conversation' }).click();
    await page.getByRole('heading', { name: 'Ask fast, or let it think first.' }).waitFor();
    await ask(page, 'Name a river.');
    await said(page, 'Name a river.');
    await chats(page).getByRole('link', { name: 'Name a river.' }).waitFor();
    await chats(page).getByRole('searchbox').fill('FRUIT');
    await chats(page).getByRole('link', { name: 'Name a river.' }).waitFor({ state: 'detached' });
    await chats(page).getByRole('button', { name: 'Actions: Which fruit is red?' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    const field = chats(page).getByRole('textbox', { name: 'Title of the conversation' });
    await field.fill('Fruit');
    await field.press('Enter');
    await chats(page).getByRole('link', { name: 'Fruit', exact: true }).click();
    await said(page, 'Which fruit is red?');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('keeps a long title within its column', async () => {
    const page = await start();
    const long = 'Averyveryveryverylongquestionthatgoesonandon'.repeat(3);
    await ask(page, long);
    await said(page, long);
    const link = await chats(page)
      .getByRole('link', { name: /^Averyvery/ })
      .boundingBox();
    const column = await page.getByRole('banner').boundingBox();
    expect((link?.x ?? 0) + (link?.width ?? 0)).toBeLessThanOrEqual((column?.x ?? 0) + (column?.width ?? 0));
  });

  it('edits a question as a branch, goes back and forth, and answers again from any turn', async () => {
    const page = await start();
    await ask(page, 'one');
    await said(page, 'one');
    await ask(page, 'two');
    await said(page, 'one | two');
    await page.getByRole('button', { name: 'Edit the question' }).first().click();
    const editor = page.getByRole('textbox', { name: 'The question, to be changed' });
    await editor.and(page.locator(':focus')).waitFor();
    await editor.fill('uno');
    await editor.press('Enter');
    await said(page, 'uno');
    await page.getByText('Question 2 of 2').waitFor();
    expect(await page.getByText('You said: one | two.').count()).toBe(0);
    await page.getByRole('button', { name: 'Earlier question' }).click();
    await said(page, 'one | two');
    await page.reload();
    await said(page, 'one | two');
    // The first answer of two turns, again, at another effort: what followed stays in its own branch.
    await page.getByRole('button', { name: 'Ask again' }).first().click();
    await page.getByRole('menuitem', { name: /^Low/ }).click();
    await page.getByText('Answer 2 of 2').waitFor();
    await answers(page)
      .getByText(/^Thought for/)
      .waitFor();
    expect(await answers(page).count()).toBe(1);
    await page.getByRole('button', { name: 'A good answer', exact: true }).click();
    await page.locator('button[aria-label="A good answer"][aria-pressed=true]').waitFor();
    await page.reload();
    await page.locator('button[aria-label="A good answer"][aria-pressed=true]').waitFor();
  });

  it('notes which of two answers is better, and copies one', async () => {
    const page = await start();
    await ask(page, 'twice');
    await said(page, 'twice');
    const first = new URL(page.url()).searchParams.get('r');
    await page.getByRole('button', { name: 'Ask again' }).click();
    await page.getByRole('menuitem', { name: /^Low/ }).click();
    await page.waitForURL((url) => url.searchParams.get('r') !== first);
    await page.getByText('Answer 2 of 2').waitFor();
    await said(page, 'twice');
    const second = new URL(page.url()).searchParams.get('r');
    await page.getByRole('button', { name: 'This one is better' }).click();
    await page.getByText('Thank you, noted.').waitFor();
    const lines = (await (await fetch(`${suite.url}/v1/feedback`)).text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ response_id: first, preferred_response_id: second }),
    );
    await page.getByRole('button', { name: 'Copy the answer' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('You said: twice.');
  });

  it('asks once, however fast an example is pressed', async () => {
    const page = await start();
    const asked: string[] = [];
    page.on('request', (sent) => {
      if (sent.method() === 'POST' && new URL(sent.url()).pathname === '/v1/responses') asked.push(sent.url());
    });
    await page.getByRole('button', { name: /Tara wants to buy a bike/ }).dblclick();
    await answers(page).first().waitFor();
    expect(asked).toHaveLength(1);
  });

  it('shows in one tab what was asked in another, and loses nothing of either', async () => {
    const first = await start();
    await ask(first, 'left');
    await said(first, 'left');
    const second = await first.context().newPage();
    await second.goto(first.url());
    await said(second, 'left');
    await ask(second, 'right');
    await said(second, 'left | right');
    await said(first, 'left | right');
    await question(first).fill('both');
    await question(second).fill('at once');
    // Neither is accepted before both were sent: a tab that hears of another's question waits for its answer before it asks.
    const { promise: bothSent, open } = gate();
    let sent = 0;
    await first.context().route('**/v1/responses', async (route) => {
      sent += 1;
      if (sent === 2) open();
      await bothSent;
      await route.continue();
    });
    await Promise.all([question(first).press('Enter'), question(second).press('Enter')]);
    const id = new URL(first.url()).searchParams.get('c');
    await expect
      .poll(async () => {
        const turns = await (await fetch(`${suite.url}/v1/conversations/${id}/turns`)).json();
        return turns.data.map((turn: { question: string }) => turn.question).sort();
      })
      .toEqual(['at once', 'both', 'left', 'right']);
    await chats(second).getByRole('link', { name: 'left', exact: true }).waitFor();
  });

  it('deletes with a way back, and for good when the page is left', async () => {
    const page = await start();
    await ask(page, 'to be deleted');
    await said(page, 'to be deleted');
    const listed = chats(page).getByRole('link', { name: 'to be deleted', exact: true });
    const remove = async () => {
      await chats(page).getByRole('button', { name: 'Actions: to be deleted' }).click();
      await page.getByRole('menuitem', { name: 'Delete' }).click();
      await listed.waitFor({ state: 'detached' });
    };
    await remove();
    await page.getByRole('heading', { name: 'Ask fast, or let it think first.' }).waitFor();
    await chats(page).getByRole('button', { name: 'Undo' }).click();
    await listed.click();
    await said(page, 'to be deleted');
    const id = new URL(page.url()).searchParams.get('c');
    await remove();
    await page.goto('about:blank');
    await expect.poll(async () => (await fetch(`${suite.url}/v1/conversations/${id}`)).status).toBe(404);
  });

  it('gives the same chat again from its export', async () => {
    const page = await start();
    await ask(page, 'exported');
    await said(page, 'exported');
    await chats(page).getByRole('button', { name: 'Actions: exported' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Export as JSON' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('exported.json');
    const before = page.url();
    await chats(page)
      .locator('input[type=file]')
      .setInputFiles(await download.path());
    await page.waitForURL((url) => url.href !== before && url.searchParams.get('c') !== null);
    const kept = page.getByRole('article', { name: 'Answer' });
    await kept.getByText('Its text was kept.').waitFor();
    await kept.getByText('You said: exported.').waitFor();
    // It goes on as any chat.
    await ask(page, 'and on');
    await said(page, 'exported | and on');
  });

  it('leads from a job and a trace to its place in the chat', async () => {
    const page = await start();
    await ask(page, 'first place');
    await said(page, 'first place');
    const id = new URL(page.url()).searchParams.get('r');
    await ask(page, 'second place');
    await said(page, 'first place | second place');
    await page.goto(`/trace/${id}`);
    await page.getByRole('link', { name: 'In its chat' }).click();
    await said(page, 'first place');
    await said(page, 'first place | second place');
    const top = () => page.locator(`[id="${id}"]`).evaluate((element) => element.getBoundingClientRect().top);
    await expect.poll(top).toBeLessThan(400);
    await page.goto('/jobs');
    await page.getByRole('link', { name: 'In its chat: second place' }).click();
    await said(page, 'first place | second place');
  });

  it('opens the list as a drawer on a phone', async () => {
    const page = await start({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    await ask(page, 'on a phone');
    await said(page, 'on a phone');
    await page.getByRole('button', { name: 'Conversations' }).click();
    const drawer = page.getByRole('dialog', { name: 'Conversations' });
    await drawer.getByRole('link', { name: 'on a phone', exact: true }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await drawer.getByRole('button', { name: 'New conversation' }).click();
    await drawer.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Ask fast, or let it think first.' }).waitFor();
    const sideways = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    expect(sideways).toBeLessThanOrEqual(0);
  });

  it.each(['en-US', 'ko-KR'])('fits its frame on a phone in %s', async (locale) => {
    const page = await start({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, locale });
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await page.getByRole('banner').evaluate((bar) => bar.scrollWidth - bar.clientWidth)).toBeLessThanOrEqual(0);
    expect(await page.evaluate('document.documentElement.scrollWidth - 360')).toBeLessThanOrEqual(0);
  });

  it('takes text files as text, says what does not fit, and pictures only where the model reads them', async () => {
    const page = await start();
    const files = page.locator('form input[type=file]');
    const options = page.getByRole('button', { name: 'Budget, model and system prompt' });
    await options.click();
    await page.getByRole('combobox', { name: 'Model' }).selectOption('other');
    await files.setInputFiles([
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('apples and pears') },
      { name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from('89504e47', 'hex') },
      { name: 'data.bin', mimeType: 'application/octet-stream', buffer: Buffer.from([0, 255, 254]) },
    ]);
    await page.getByText('other cannot read pictures: photo.png was left out.').waitFor();
    await page.getByText('data.bin is not a text file').waitFor();
    await page.getByRole('list', { name: 'Attached files' }).getByText('notes.txt').waitFor();
    await page.getByRole('combobox', { name: 'Model' }).selectOption('tiny');
    await options.click();
    await ask(page, 'What is in it?');
    await answers(page).getByText('apples and pears').waitFor();
    await files.setInputFiles([
      { name: 'big.txt', mimeType: 'text/plain', buffer: Buffer.from('x'.repeat(1_100_000)) },
    ]);
    await page.getByText(/^This is 1\.1 MB; a request may have at most 1\.0 MB\.$/).waitFor();
    await question(page).fill('Too much?');
    expect(await page.getByRole('button', { name: 'Ask', exact: true }).isDisabled()).toBe(true);
  });

  it('asks with the options open, where the effort has a bigger budget than the context', async () => {
    const page = await start();
    await page.getByRole('button', { name: 'Budget, model and system prompt' }).click();
    await page.getByRole('combobox', { name: 'Model' }).selectOption('other');
    await page.getByRole('radio', { name: 'Medium', exact: true }).click();
    await question(page).fill('Big?');
    const asked = page.waitForRequest((sent) => sent.method() === 'POST' && sent.url().endsWith('/v1/responses'));
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await asked;
  });

  it('sends pictures that are dropped or pasted, and keeps them when the question is edited', async () => {
    const page = await start();
    await question(page).waitFor();
    await page.evaluate(givePictures);
    await page.getByRole('list', { name: 'Attached files' }).getByText('pasted.png').waitFor();
    await page.getByRole('list', { name: 'Attached files' }).getByText('dropped.png').waitFor();
    await ask(page, 'What is shown?');
    await answers(page).getByText('You said: What is shown?. Pictures: 2.', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Edit the question' }).click();
    const editor = page.getByRole('textbox', { name: 'The question, to be changed' });
    await editor.fill('Which colours?');
    await editor.press('Enter');
    await answers(page).getByText('You said: Which colours?. Pictures: 2.', { exact: true }).waitFor();
  });
});

/** In the page: one picture dropped onto the composer, another pasted into its field. */
const givePictures = `(async () => {
  const picture = async (name) => {
    const canvas = new OffscreenCanvas(8, 8);
    canvas.getContext('2d').fillRect(0, 0, 4, 8);
    const data = new DataTransfer();
    data.items.add(new File([await canvas.convertToBlob()], name, { type: 'image/png' }));
    return data;
  };
  const form = document.querySelector('form[aria-label="Your question"]');
  const given = { bubbles: true, cancelable: true };
  form.dispatchEvent(new DragEvent('drop', { ...given, dataTransfer: await picture('dropped.png') }));
  const field = form.querySelector('textarea[aria-label=Question]');
  field.dispatchEvent(new ClipboardEvent('paste', { ...given, clipboardData: await picture('pasted.png') }));
})()`;

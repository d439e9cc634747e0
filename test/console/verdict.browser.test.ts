import pico from 'picocolors';
import { describe, expect, it } from 'vitest';
import { shortVerdict, verdictLine } from '../../src/cli/render/verdict-line.ts';
import { AnswerVerdict } from '../../src/contracts/responses/answer-verdict.ts';
import { runCli } from '../support/cli.ts';
import { getJson, postJson, realService } from '../support/start-service.ts';
import { accessibilityFaults, consoleSuite, withoutChromium } from './browser.ts';

const question = 'What is 758 * 6?';
const plain = pico.createColors(false);
const words = {
  en: { verified: 'Verified', agreed: 'Chains agree', single: 'Not compared', unsure: 'Unsure' },
  ko: { verified: '확인됨', agreed: '흐름들이 일치', single: '비교 대상 없음', unsure: '불확실' },
} as const;

describe.skipIf(withoutChromium)('the verdict on one run of the embedded model', () => {
  const suite = consoleSuite(realService);
  const { open } = suite;

  const cli = async (...given: string[]) => runCli(given, { environment: { THINKFIRST_URL: suite.url } });
  const verdictOf = async (id: string): Promise<AnswerVerdict> =>
    AnswerVerdict.parse((await getJson(`${suite.url}/v1/responses/${id}`)).verdict);
  it('is one in the response, its trace on the command line, the list of jobs and the console', async () => {
    const { body } = await postJson(`${suite.url}/v1/responses`, { input: question, reasoning: { effort: 'high' } });
    const verdict = AnswerVerdict.parse(body.verdict);
    expect(verdict.kind).not.toBe('verified');
    expect(verdict.probability).toBeGreaterThan(0);
    expect(verdict.probability).toBeLessThan(1);
    expect(await verdictOf(body.id)).toEqual(verdict);
    expect((await cli('trace', body.id)).output).toContain(`\n${verdictLine(verdict, plain)}\n`);
    expect((await cli('jobs')).output).toContain(shortVerdict(verdict, plain));
    const percent = `${Math.round(100 * Math.min(0.99, verdict.probability ?? 0))}%`;
    for (const [locale, colorScheme] of [
      ['en', 'light'],
      ['ko', 'dark'],
    ] as const) {
      const page = await open(`/trace/${body.id}`, { locale, colorScheme });
      const badge = page.getByTitle(verdict.because);
      expect(await badge.textContent()).toContain(words[locale][verdict.kind]);
      expect(await badge.textContent()).toContain(percent);
      expect(await accessibilityFaults(page)).toEqual([]);
      // No chain has a tick: its thought and its answer agree, no more.
      expect(await page.locator('.lucide-check').count()).toBe(0);
      await page.goto('/jobs');
      expect(await page.getByTitle(verdict.because).textContent()).toContain(words[locale][verdict.kind]);
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(suite.faults).toEqual([]);
      await suite.closePages();
    }
  });

  it('is one in a chat completion, a line of a batch, and the responses behind them', async () => {
    const chat = await postJson(`${suite.url}/v1/chat/completions`, {
      messages: [{ role: 'user', content: question }],
      reasoning_effort: 'low',
    });
    const verdict = AnswerVerdict.parse(chat.body.choices[0].verdict);
    expect(await verdictOf(chat.body.id.replace('chatcmpl-', 'resp_'))).toEqual(verdict);

    const form = new FormData();
    const line = {
      custom_id: 'a',
      method: 'POST',
      url: '/v1/responses',
      body: { input: question, mode: 'deliberate' },
    };
    form.set('purpose', 'batch');
    form.set('file', new File([JSON.stringify(line)], 'in.jsonl'));
    const file = await (await fetch(`${suite.url}/v1/files`, { method: 'POST', body: form })).json();
    const started = { input_file_id: file.id, endpoint: '/v1/responses', completion_window: '24h' };
    const batch = (await postJson(`${suite.url}/v1/batches`, started)).body;
    await expect
      .poll(async () => (await getJson(`${suite.url}/v1/batches/${batch.id}`)).status, { timeout: 120_000 })
      .toBe('completed');
    const { output_file_id } = await getJson(`${suite.url}/v1/batches/${batch.id}`);
    const result = await getJson(`${suite.url}/v1/files/${output_file_id}/content`);
    const inBatch = AnswerVerdict.parse(result.response.body.verdict);
    expect(await verdictOf(result.response.body.id)).toEqual(inBatch);
  });

  it('is said on standard error by ask, and shown under the answer in the console', async () => {
    const asked = await cli('ask', '--effort', 'low', question);
    expect(asked.told).toMatch(/^(agreed|single|unsure): .*, \d+ % likely right$/m);
    const page = await open('/');
    await page.getByRole('textbox').first().fill(question);
    await page.keyboard.press('Enter');
    const badge = page.locator('article[data-status="completed"]').getByText(/^Verdict: /);
    await badge.first().waitFor();
    expect(await page.locator('article').textContent()).toMatch(/Chains agree|Not compared|Unsure/);
    expect(suite.faults).toEqual([]);
  });

  it('has a tick where a check of the caller’s has confirmed the answer, and nowhere else', async () => {
    const checks = [{ type: 'expected', value: '4548' }];
    const { body } = await postJson(`${suite.url}/v1/responses`, {
      input: question,
      seed: 7,
      deterministic: true,
      reasoning: { effort: 'low', checks },
    });
    expect(body.verdict).toEqual({
      kind: 'verified',
      agreement: null,
      probability: null,
      because: "The caller's check expected confirmed this answer.",
    });
    expect((await cli('trace', body.id)).output).toContain('✓ verified: ');
    const page = await open(`/trace/${body.id}`);
    const badge = page.getByTitle(body.verdict.because);
    expect(await badge.textContent()).toBe('Verdict: Verified');
    expect(await badge.locator('.lucide-check').count()).toBe(1);
  });
});

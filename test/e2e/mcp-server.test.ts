import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defaultLimits } from '../../src/api/dependencies.ts';
import { createMcpEndpoint } from '../../src/api/mcp/mcp-endpoint.ts';
import { responseJob } from '../../src/contracts/responses/response-job.ts';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { createKeyStore } from '../../src/store/key-store.ts';
import { createRequestLimiter } from '../../src/store/request-limiter.ts';
import { createUsageLedger } from '../../src/store/usage-ledger.ts';
import { listeningService } from '../support/listening-service.ts';
import { createMemoryRecords } from '../support/memory-records.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';

const closing: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Answers `ok`; what is asked to hang writes 200 words, and then nothing until it is stopped. */
function hangingModel(): LanguageModel {
  const scripted = createScriptedModel({
    id: 'tiny',
    script: ({ request }) => ({
      answer: request.prompt.messages.at(-1)?.content.includes('hang') ? 'word '.repeat(250) : 'ok',
    }),
  });
  return {
    ...scripted,
    async *generate(request, options) {
      let words = 0;
      for await (const event of scripted.generate(request, options)) {
        yield event;
        words += 1;
        if (words === 200) await new Promise((_, reject) => options.signal.addEventListener('abort', reject));
      }
    },
  };
}

async function service() {
  const model = hangingModel();
  const records = createMemoryRecords();
  const keys = createKeyStore({ records, now: Date.now, freshMs: 0 });
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const { keepAliveMs } = defaultLimits;
  const made = await listeningService(model, {
    records,
    keys,
    ledger: createUsageLedger({ change: records.update, now: Date.now }),
    requestLimiter: createRequestLimiter(),
    openMcp: async () => createMcpEndpoint({ version: '0', cancelOnDisconnect: true, keepAliveMs, log }),
  });
  closing.push(() => made.close());
  return { ...made, keys, newest: async () => (await made.queue.list({ owner: null, limit: 1 })).jobs[0] };
}

const versions = { '2025': 'legacy', '2026': 'auto' } as const;
type Version = keyof typeof versions;

async function connect(url: string, version: Version, headers: Record<string, string> = {}) {
  const client = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode: versions[version] } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }));
  closing.push(() => client.close());
  return client;
}

function fail(): never {
  throw new Error('there is no response');
}

const Texts = z.object({
  isError: z.boolean().optional(),
  content: z.array(z.object({ type: z.literal('text'), text: z.string() })),
});
const Page = z.object({
  response_id: z.string(),
  steps: z.array(z.looseObject({ index: z.int() })),
  next_step: z.null(),
});
const textsOf = (result: unknown) => Texts.parse(result).content.map(({ text }) => text);

describe.each(['2025', '2026'] as const)('the MCP server at /mcp, protocol of %s', (version) => {
  test('think answers with its verdict, and get_trace shows the steps', async () => {
    const { url } = await service();
    const client = await connect(url, version);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['think', 'get_trace']);
    const result = await client.callTool({ name: 'think', arguments: { question: 'What is 1 + 1?', effort: 'low' } });
    expect(result.structuredContent).toMatchObject({ status: 'completed', answer: 'ok', effort: 'low' });
    const [answer, about] = textsOf(result);
    expect(answer).toBe('ok');
    expect(about).toMatch(/^Verdict: \w+\. .* Response: resp_[\w-]+$/);
    const { response_id } = z.object({ response_id: z.string() }).parse(result.structuredContent);
    const [trace] = textsOf(await client.callTool({ name: 'get_trace', arguments: { response_id } }));
    const { steps, ...page } = Page.parse(JSON.parse(trace ?? ''));
    expect(page).toEqual({ response_id, next_step: null });
    expect(steps.map(({ index }) => index)).toContain(0);
  });

  test('think reports its phase and tokens while it runs, and a cancelled request cancels its response', async () => {
    const { url, newest } = await service();
    const client = await connect(url, version);
    const stop = new AbortController();
    const reports: Array<{ progress: number; message?: string | undefined }> = [];
    const call = client.callTool(
      { name: 'think', arguments: { question: 'hang', effort: 'none' } },
      {
        signal: stop.signal,
        onprogress: (report) => {
          reports.push(report);
          if (reports.length === 2) stop.abort();
        },
      },
    );
    await expect(call).rejects.toThrow();
    expect(reports[0]?.message).toMatch(/^(queued|draft|think|answer)/);
    expect(reports[1]?.progress).toBeGreaterThan(reports[0]?.progress ?? 0);
    await expect.poll(async () => (await newest())?.status).toBe('cancelled');
  });

  test('budget and schema reach the response, and a refused request is an error that says why', async () => {
    const { url, newest } = await service();
    const client = await connect(url, version);
    const ask = (input: object) => client.callTool({ name: 'think', arguments: { question: 'q', ...input } });
    const refused = Texts.parse(await ask({ model: 'none' }));
    expect(refused).toMatchObject({ isError: true, content: [{ text: expect.stringContaining("'none'") }] });
    const schema = { type: 'object', properties: { sum: { type: 'integer' } } };
    await ask({ schema, effort: 'low', budget: 7 });
    const { effective, answer } = responseJob((await newest())?.job ?? fail());
    expect(effective).toMatchObject({ effort: 'low', budget_tokens: 7 });
    expect(answer.constraint).toEqual({ type: 'json_schema', schema });
    const unknown = await client.callTool({ name: 'get_trace', arguments: { response_id: 'resp_none' } });
    expect(Texts.parse(unknown)).toMatchObject({
      isError: true,
      content: [{ text: "There is no response 'resp_none'." }],
    });
  });

  test('keys, their scopes and their rate hold as everywhere', async () => {
    const { url, keys } = await service();
    const { secret } = await keys.create({ name: 'test', scopes: [], requests_per_minute: 2 });
    await expect(connect(url, version)).rejects.toThrow();
    const client = await connect(url, version, { authorization: `Bearer ${secret}` });
    const ask = () => client.callTool({ name: 'think', arguments: { question: 'q', effort: 'none' } });
    const { structuredContent } = await ask();
    const { response_id } = z.object({ response_id: z.string() }).parse(structuredContent);
    const trace = await client.callTool({ name: 'get_trace', arguments: { response_id } });
    expect(Texts.parse(trace)).toMatchObject({
      isError: true,
      content: [{ text: 'This key may not read traces. It needs the scope trace:summary.' }],
    });
    expect(Texts.parse(await ask()).isError).toBeUndefined();
    expect(Texts.parse(await ask())).toMatchObject({
      isError: true,
      content: [{ text: 'This key may send 2 requests per minute.' }],
    });
  });
});

test('a page of another site, and a name that is not ours, reach nothing', async () => {
  const { url } = await service();
  const post = (headers: Record<string, string>) =>
    fetch(`${url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    });
  expect((await post({})).status).toBe(200);
  expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
  expect((await fetch(`${url}/mcp`)).status).toBe(405);
});

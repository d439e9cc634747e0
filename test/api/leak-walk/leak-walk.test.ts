import { expect, test } from 'vitest';
import { ResponseEvent } from '../../../src/contracts/responses/response-event.ts';
import { TraceEvent } from '../../../src/contracts/responses/trace.ts';
import type { ScopeName } from '../../../src/contracts/service/key-scopes.ts';
import { markIn } from '../../support/leak-mark.ts';
import { type Ask, make, walks } from './routes.ts';
import { createWalkedService } from './walked-service.ts';

/**
 * Events that hold thoughts, those of refusals, which no model here makes, and the one of a stream that breaks. No tool runs
 * here: what a key may see of tool calls is in test/worker/server-tools.test.ts.
 */
const unseen =
  /^(response\.(reasoning_text|refusal|code_interpreter_call|code_interpreter_call_code|mcp_call|mcp_call_arguments|mcp_list_tools)\..*|trace_step\.delta|error)$/;

type Seen = { asked: string; status: number; text: string };

/** Walks every route with a key of these scopes. */
async function walk(scopes: ScopeName[]) {
  const { app, secret, logged } = await createWalkedService(scopes);
  const seen: Seen[] = [];
  const ask: Ask = async (method, path, body) => {
    const json = body !== undefined && !(body instanceof FormData);
    const response = await app.request(path, {
      method,
      headers: { authorization: `Bearer ${secret}`, ...(json ? { 'content-type': 'application/json' } : {}) },
      ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : body }),
    });
    const text = await response.text();
    const headers = JSON.stringify([...response.headers]);
    const asked = `${method} ${path} ${json ? JSON.stringify(body) : ''}`;
    seen.push({ asked, status: response.status, text: `${text}\n${headers}` });
    return text;
  };
  const made = await make(ask);
  for (const visit of Object.values(walks)) await visit(ask, made);
  const routes = app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`);
  const others = [...new Set(routes)].filter((route) => !Object.hasOwn(walks, route));
  const plain = others.filter((route) => /^GET [^:*]+$/.test(route));
  for (const route of plain) await ask('GET', route.replace('GET ', ''));
  return {
    seen,
    logged,
    unvisited: others.filter((route) => !plain.includes(route)),
    unknown: Object.keys(walks).filter((route) => !routes.includes(route)),
  };
}

test.each(['none', 'summary'] as const)(
  'a key of trace:%s meets no thought on any route, in any event, in logs and metrics',
  { timeout: 60_000 },
  async (trace) => {
    const { seen, logged, unvisited, unknown } = await walk([`trace:${trace}`, 'feedback', 'admin']);
    expect({ unvisited, unknown }).toEqual({ unvisited: [], unknown: [] });
    const leaks = seen.filter(({ text }) => markIn(text) !== undefined).map(({ asked }) => asked);
    expect(leaks).toEqual([]);
    expect(logged.length).toBeGreaterThan(50);
    expect(logged.filter((line) => markIn(line) !== undefined)).toEqual([]);
    expect(seen.filter(({ status }) => status >= 500).map(({ asked }) => asked)).toEqual(expectedFailures(seen));
    const events = new Set(seen.flatMap(({ text }) => [...text.matchAll(/^event: (.+)$/gm)].map((match) => match[1])));
    const wanted = [...types(ResponseEvent), ...(trace === 'none' ? [] : types(TraceEvent))];
    const hidden = (type: string) => unseen.test(type) || (trace === 'none' && /reasoning_summary/.test(type));
    expect(wanted.filter((type) => !hidden(type) && !events.has(type))).toEqual([]);
    // Anthropic's form of an error is an event of that name.
    expect([...events].filter((type) => type !== undefined && type !== 'error' && hidden(type))).toEqual([]);
  },
);

test('a key of trace:full meets them where it asks, and the log still doesn’t', { timeout: 60_000 }, async () => {
  const { seen, logged } = await walk(['trace:full', 'feedback', 'admin']);
  const leaks = seen
    .filter(({ text }) => markIn(text) !== undefined)
    .map(({ asked }) => asked)
    .join('\n');
  for (const route of [
    '/trace',
    '/v1/chat/completions',
    '/v1/messages',
    '/api/chat',
    'reasoning.text',
    '/input_items',
  ]) {
    expect(leaks).toContain(route);
  }
  expect(logged.filter((line) => markIn(line) !== undefined)).toEqual([]);
});

/** What was asked to break. */
function expectedFailures(seen: readonly Seen[]): string[] {
  return seen.filter(({ asked, status }) => status >= 500 && asked.includes('explode')).map(({ asked }) => asked);
}

/** `type`s of a union of events. */
function types(schema: typeof ResponseEvent | typeof TraceEvent): string[] {
  return schema.options.flatMap((option) => {
    if ('options' in option) return option.options.map((inner) => inner.shape.type.value);
    return [option.shape.type.value];
  });
}

import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { TraceStreamEvent } from '../../../src/contracts/responses/trace.ts';
import { createApi, createWorkingApi, readEvents } from './fixture.ts';

const Document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.looseObject({}))) });

async function served(options: Parameters<typeof createApi>[0] = {}) {
  const { app } = createApi(options);
  return { app, document: Document.parse(await (await app.request('/openapi.json')).json()) };
}

const strategies = [{ name: 'direct', description: '', options: z.object({}) }];

test('the document is valid OpenAPI 3.1', { timeout: 60_000 }, async () => {
  const { document } = await served({ strategies });
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

test('every reference in it resolves', async () => {
  const { document } = await served();
  const pointers = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(pointers.length).toBeGreaterThan(10);
  for (const pointer of new Set(pointers)) {
    const steps = pointer.replace(/^#\//, '').split('/');
    const target = steps.reduce<unknown>((at, step) => z.record(z.string(), z.unknown()).parse(at)[step], document);
    expect(target, pointer).toBeDefined();
  }
});

test.each([{}, { strategies }])('it holds exactly the routes of the app (%#)', async (options) => {
  const { app, document } = await served(options);
  const routes = app.routes
    .filter(({ method, path }) => method !== 'ALL' && path !== '/openapi.json' && path !== '/docs')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`);
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(documented.sort()).toEqual([...new Set(routes)].sort());
});

test('the reference page shows every operation, and loads nothing from elsewhere', async () => {
  const { app, document } = await served({ strategies });
  const response = await app.request('/docs');
  const page = await response.text();
  expect(response.headers.get('content-type')).toMatch('text/html');
  expect(response.headers.get('content-security-policy')).toMatch("default-src 'none'");
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of Object.keys(operations)) expect(page).toContain(`${method.toUpperCase()} ${path}`);
  }
  // Code in a summary is marked as code.
  expect(page).toContain('<code>background: true</code>');
  expect(page).not.toMatch(/`background: true`/);
  expect(page).not.toMatch(/<script|(?:src|href)="(?:https?:)?\/\//);
  const targets = [...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
  for (const target of new Set(targets)) expect(page).toContain(`id="${target}"`);
});

test('what the trace streams is what the document says', async () => {
  const { app, ask } = await createWorkingApi();
  const { id } = z.object({ id: z.string() }).parse(await (await ask({ input: 'a' })).json());
  const { events } = await readEvents(await app.request(`/v1/responses/${id}/trace?stream=true`));
  expect(events.map((event) => z.array(TraceStreamEvent).parse([event])[0])).toEqual(events);
});

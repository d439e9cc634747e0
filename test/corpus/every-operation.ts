import { leastInstance, propertiesOf, type SchemaSource } from './least-instance.ts';
import type { Json, Wire } from './wire.ts';

/**
 * Each operation of the OpenAPI document twice or more: with the least that its schema allows and the ids that earlier
 * answers gave, and refused: an id that nothing has, a body that is none, each field and parameter of a wrong type. Routes that are
 * new are asked as well, since nothing here knows them by name. What deletes comes last. Keys are
 * left out: the first one closes the service to whoever has none.
 */
export async function askEveryOperation(
  wire: Wire,
  { document, model }: { document: Json; model: string },
): Promise<void> {
  const operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => methods[method].responses !== undefined)
      .map((method) => ({ path, method: method.toUpperCase(), operation: methods[method] })),
  );
  const asked = operations.filter(({ path }) => !path.startsWith('/v1/keys'));
  const rank = ({ method, path }: { method: string; path: string }) =>
    method === 'DELETE' ? 2 : path.endsWith('/cancel') ? 1 : 0;
  for (const { path, method, operation } of asked.sort((one, other) => rank(one) - rank(other))) {
    const name = `operations/${`${path} ${method}`.replace(/[^\w.]+/g, '-').replace(/^-/, '')}`;
    const body = bodyOf(operation, document, model);
    const at = (id?: string) => `${method} ${filled(path, wire, id)}` as const;
    await wire.send(`${name}-least`, route(at()), body.least);
    if (path.includes('{')) await wire.send(`${name}-unknown`, route(at('none')), body.least);
    for (const [field, wrong] of body.wrong) await wire.send(`${name}-wrong-${field}`, route(at()), { body: wrong });
    for (const { name: parameter, in: place } of operation.parameters ?? []) {
      if (place === 'query') await wire.send(`${name}-wrong-${parameter}`, route(`${at()}?${parameter}=%20`));
    }
  }
}

function route(text: string): `${string} /${string}` {
  const [method = '', path = ''] = text.split(' /');
  return `${method} /${path}`;
}

/** The path with the newest ids that its collections gave. */
function filled(path: string, wire: Wire, id?: string): string {
  return path.split('/').reduce((made, part) => {
    return `${made}${made === '' && part === '' ? '' : '/'}${part.startsWith('{') ? (id ?? wire.idOf(made) ?? 'none') : part}`;
  }, '');
}

function bodyOf(operation: Json, document: SchemaSource, model: string) {
  const [type, content] = Object.entries<Json>(operation.requestBody?.content ?? {})[0] ?? [];
  if (content === undefined) return { least: {}, wrong: [] };
  if (type === 'multipart/form-data') return { least: { raw: new FormData() }, wrong: [] };
  // Short answers, the same each time.
  const bounds = {
    max_output_tokens: 8,
    max_completion_tokens: 8,
    max_tokens: 8,
    deterministic: true,
    seed: 1,
    stream: false,
  };
  const given = { model, ...bounds, mode: 'fast', options: { num_predict: 8, seed: 1 }, think: false };
  const least = leastInstance(content.schema, { document, given });
  const body = typeof least === 'object' && least !== null ? least : {};
  const wrong = Object.keys(propertiesOf(content.schema, document)).map((field): [string, object] => [
    field,
    { ...body, [field]: [[]] },
  ]);
  return { least: { body }, wrong: [['body', []] satisfies [string, object], ...wrong] };
}

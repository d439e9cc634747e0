import { createFolderGrammar } from '../../src/models/local/decoder/decoder-model.ts';
import { type Figure, figureOf, median, percentile } from './figure.ts';
import { type Ours, requestOf, timed } from './ours.ts';

/** Schemas like those of tools and forms; `index` makes each one new to the cache. */
function schemaOf(index: number): Record<string, unknown> {
  const text = { type: 'string', maxLength: 40 };
  return {
    type: 'object',
    properties: {
      [`name${index}`]: text,
      age: { type: 'integer', minimum: 0, maximum: 130 },
      tags: { type: 'array', items: { enum: ['red', 'green', 'blue', `c${index}`] }, minItems: 2, maxItems: 4 },
      address: {
        type: 'object',
        properties: { city: text, zip: { type: 'string', pattern: '^[0-9]{5}$' } },
        required: ['city', 'zip'],
      },
      active: { type: 'boolean' },
    },
    required: [`name${index}`, 'age', 'tags', 'address', 'active'],
    additionalProperties: false,
  };
}

/**
 * JSON constrained to a schema compared with free text of as many tokens, including compile time; and the compile time
 * alone.
 */
export async function constrained(ours: Ours, rounds: number): Promise<Figure[]> {
  const rates = { json: [] as number[], free: [] as number[] };
  for (let round = 0; round <= rounds; round += 1) {
    const prompt = { messages: [{ role: 'user' as const, content: `Describe person ${round} as JSON.` }] };
    const request = requestOf(ours, prompt, 200, {
      answer: { maxTokens: 200, constraint: { type: 'json_schema', schema: schemaOf(round) } },
      sampling: { temperature: 0 },
    });
    const json = await timed(ours, request);
    const other = { messages: [{ role: 'user' as const, content: `Describe person ${round} in words.` }] };
    const free = await timed(ours, requestOf(ours, other, json.tokens));
    if (round === 0) continue;
    rates.json.push((json.tokens * 1000) / (json.lastAt - json.startedAt));
    rates.free.push((free.tokens * 1000) / (free.lastAt - free.startedAt));
  }
  const [json, free] = [median(rates.json), median(rates.free)];
  const grammar = createFolderGrammar(ours.folder);
  const times: number[] = [];
  for (let index = 1000; index < 1040; index += 1) {
    const startedAt = performance.now();
    const compiled = await grammar?.compile({ type: 'json_schema', schema: schemaOf(index) });
    const mask = new Uint32Array(Math.ceil(ours.folder.vocabularySize / 32));
    compiled?.createMatcher().fillMask(mask);
    times.push(performance.now() - startedAt);
  }
  const p95 = percentile(times, 0.95);
  return [
    figureOf(
      'constrained JSON, against free text',
      json / free,
      { atLeast: 0.85 },
      `${json.toFixed(0)} tokens/s, free ${free.toFixed(0)}`,
    ),
    figureOf(
      'schema compiled cold, p95 in ms',
      p95,
      { atMost: 300 },
      `median ${median(times).toFixed(1)} ms, first mask included`,
    ),
  ];
}

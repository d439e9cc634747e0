import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { schemas } from './schemas.ts';
import { randomWalk, realEngine } from './walk.ts';

const engine = realEngine();
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addFormat('int32', { type: 'number', validate: (value) => Number.isInteger(value) && Math.abs(value) <= 2 ** 31 });
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

describe('answers along the masks of a JSON Schema', () => {
  it.each(Object.keys(schemas))('are valid by it: %s', async (name) => {
    const schema = schemas[name] ?? {};
    const validate = ajv.compile(schema);
    const grammar = await engine.compile({ type: 'json_schema', schema });
    const texts = SEEDS.map((seed) => randomWalk(grammar.createMatcher(), seed)).filter((text) => text !== undefined);
    // Recursive schemas may wander on; enough walks end.
    expect(texts.length).toBeGreaterThanOrEqual(SEEDS.length / 3);
    for (const text of texts) {
      validate(JSON.parse(text));
      expect(validate.errors, text).toBeNull();
    }
  });
});

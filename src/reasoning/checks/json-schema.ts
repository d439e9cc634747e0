import { Validator } from '@cfworker/json-schema';
import { z } from 'zod';
import { defineCheck, fail, pass } from './check.ts';

/** The answer is JSON that fits the caller's schema. */
export const jsonSchema = defineCheck({
  name: 'json-schema',
  description: 'The answer is JSON that fits the given schema (draft 2020-12).',
  judges: 'value',
  options: z.looseObject({ schema: z.record(z.string(), z.unknown()) }),
  run({ answer }, { options }) {
    const parsed = parseJson(answer);
    if (parsed === undefined) return fail('the answer is not JSON');
    const result = new Validator(options.schema, '2020-12').validate(parsed.value);
    const first = result.errors[0];
    return result.valid
      ? pass('the answer fits the schema')
      : fail(`${first?.instanceLocation ?? '#'}: ${first?.error ?? 'does not fit'}`);
  },
});

export function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text.trim().replace(/^```(?:json)?\s*([\s\S]*?)\s*```$/, '$1')) };
  } catch {
    return undefined;
  }
}

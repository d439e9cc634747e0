import { z } from 'zod';
import { parseJson } from '../core/parse-json.ts';
import { schemaFit } from '../core/schema-fit.ts';
import { abstain, defineCheck, fail, pass } from './check.ts';
import { SchemaDraft } from './schema-draft.ts';

/** The answer is JSON that fits the caller's schema. */
export const jsonSchema = defineCheck({
  name: 'json-schema',
  description: 'The answer is JSON that fits the given schema (draft 2020-12).',
  judges: 'value',
  linear: true,
  options: z.object({ schema: SchemaDraft }),
  async run({ answer }, { options }) {
    const value = answerJson(answer);
    if (value === undefined) return fail('the answer is not JSON');
    const fit = await schemaFit(options.schema, value);
    if (fit.fits === 'unknown') return abstain(fit.reason);
    return fit.fits ? pass('the answer fits the schema') : fail(`${fit.at}: ${fit.reason}`);
  },
});

/** The value of an answer that is JSON, fenced or not; undefined if it is not JSON. */
export function answerJson(answer: string): unknown {
  return parseJson(withoutFence(answer.trim()));
}

/** What stands in a fenced block, where the text is one. By its ends: a pattern would try every blank in between. */
function withoutFence(text: string): string {
  if (!text.startsWith('```') || !text.endsWith('```') || text.length < 6) return text;
  return text.slice(text.startsWith('```json') ? 7 : 3, -3);
}

import type { Constraint } from '../../../contracts/responses/constraint.ts';
import type { Sampling } from '../../../core/language-model.ts';
import type { Dialect } from '../client/dialect.ts';

/** Sampling under the server's names; what it doesn't know is left out (the capabilities say what). */
export function samplingFields(dialect: Dialect, sampling: Sampling, sample: number): Record<string, unknown> {
  const values: Partial<Record<keyof Sampling, unknown>> = { ...sampling };
  if (sampling.seed !== undefined) values.seed = sampleSeed(sampling.seed, sample);
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const field = dialect.sampling[name as keyof Sampling];
    if (field !== undefined && value !== undefined) fields[field] = value;
  }
  return fields;
}

/** The stream of (seed, sample): sample 0 draws from the seed itself, the others from seeds far away. 31 bits, which all servers take. */
export function sampleSeed(seed: number, sample: number): number {
  const mixed = sample === 0 ? seed : Math.imul(seed ^ (sample * 0x9e3779b1), 0x85ebca6b) ^ sample;
  return (mixed >>> 0) & 0x7fffffff;
}

/** The fields that hold a text to a form, on either route. The form must be one of the dialect's `constraints`. */
export function constraintFields(
  dialect: Dialect,
  constraint: Constraint | undefined,
  route: 'chat' | 'raw',
): Record<string, unknown> {
  if (constraint === undefined) return {};
  // llama.cpp's plain completions know `json_schema` alone.
  const bare = route === 'raw' && dialect.render === 'apply-template';
  switch (constraint.type) {
    case 'json_object':
      return bare ? { json_schema: { type: 'object' } } : { response_format: { type: 'json_object' } };
    case 'json_schema': {
      const named = { name: 'answer', schema: constraint.schema, strict: true };
      return bare
        ? { json_schema: constraint.schema }
        : { response_format: { type: 'json_schema', json_schema: named } };
    }
    case 'regex':
      return { structured_outputs: { regex: constraint.pattern } };
    case 'choice':
      return { structured_outputs: { choice: constraint.choices } };
    default:
      return constraint satisfies never;
  }
}

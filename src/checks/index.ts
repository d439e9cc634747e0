import { agreement } from './agreement.ts';
import { answerForm } from './answer-form.ts';
import { arithmetic } from './arithmetic.ts';
import type { Check } from './check.ts';
import { conclusion } from './conclusion.ts';
import { expected } from './expected.ts';
import { jsonSchema } from './json-schema.ts';
import { python } from './python.ts';
import { regex } from './regex.ts';
import { selfVerdict } from './self-verdict.ts';
import { units } from './units.ts';
import { webhook } from './webhook.ts';

/** Every check by its name. To add one, write its file and add a line here. */
export const checks: ReadonlyMap<string, Check> = new Map(
  [arithmetic, conclusion, agreement, units, answerForm, jsonSchema, regex, expected, selfVerdict, webhook, python].map(
    (check) => [check.name, check],
  ),
);

import { agreement } from './agreement.ts';
import { answerForm } from './answer-form.ts';
import { arithmetic } from './arithmetic.ts';
import { calendar } from './calendar.ts';
import type { Check } from './check.ts';
import { comparison } from './comparison.ts';
import { differences } from './differences.ts';
import { enumeration } from './enumeration.ts';
import { exchanges } from './exchanges.ts';
import { expected } from './expected.ts';
import { extremes } from './extremes.ts';
import { jsonSchema } from './json-schema.ts';
import { proportions } from './proportions.ts';
import { questionNumbers } from './question-numbers.ts';
import { regex } from './regex.ts';
import { relations } from './relations.ts';
import { remainders } from './remainders.ts';
import { selfVerdict } from './self-verdict.ts';
import { sortedOrder } from './sorted-order.ts';
import { spelling } from './spelling.ts';
import { truthValues } from './truth-values.ts';
import { units } from './units.ts';
import { webhook } from './webhook.ts';
import { writtenColumns } from './written-columns.ts';

/** Every check by its name. A new one is a file and a line here. */
export const checks: ReadonlyMap<string, Check> = new Map(
  [
    arithmetic,
    agreement,
    units,
    answerForm,
    jsonSchema,
    regex,
    expected,
    questionNumbers,
    selfVerdict,
    webhook,
    calendar,
    comparison,
    differences,
    enumeration,
    exchanges,
    extremes,
    proportions,
    relations,
    remainders,
    sortedOrder,
    spelling,
    truthValues,
    writtenColumns,
  ].map((check) => [check.name, check]),
);

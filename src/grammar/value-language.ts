import type { Expression } from './expression.ts';
import type { Located } from './schema-reader.ts';

/** The language of the values that fulfil all of these schemas. */
export type ValueLanguage = (schemas: readonly Located[]) => Expression;

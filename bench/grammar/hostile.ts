import type { Constraint } from '../../src/contracts/responses/constraint.ts';

const regex = (pattern: string): Constraint => ({ type: 'regex', pattern });
const schema = (document: Record<string, unknown>): Constraint => ({ type: 'json_schema', schema: document });

/** Constraints designed to be slow: each must be refused or followed in limited time. */
export const hostile: Readonly<Record<string, Constraint>> = {
  nestedBounds: regex('(a{1,1000}){1,1000}'),
  nestedBoundsBelowTheLimit: regex('(a{1,140}){1,140}'),
  ambiguousStars: regex('(a*)*(a|aa)+(a?){100}b'),
  exponentialDeterminism: regex('(a|b)*a(a|b){30}'),
  manyExponential: regex('(.*a.{200}){1,20}'),
  longAlternation: regex(Array.from({ length: 800 }, (_, index) => `w${index}.*`).join('|')),
  lookaheads: regex(
    `${Array.from({ length: 30 }, (_, index) => `(?=.*${String.fromCharCode(97 + (index % 26))}{2})`).join('')}.{1,200}`,
  ),
  emptyIntersection: regex('(?=(?:a{7})*$)(?=(?:a{11})*$)(?=(?:a{13})*$)(?!(?:a{1001})*$)a{1,1000}'),
  unicodeProperties: regex('(\\p{L}|\\p{N}|\\p{P}){1,300}\\p{Lu}'),
  patternAndLength: schema({ type: 'string', pattern: '^(\\w+[ ,]?)+$', minLength: 900, maxLength: 1000 }),
  manyOptional: schema({
    type: 'object',
    properties: Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`p${index}`, {}])),
    additionalProperties: true,
  }),
  countedProperties: schema({
    type: 'object',
    properties: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`p${index}`, {}])),
    minProperties: 50,
    maxProperties: 60,
  }),
  multiplyingAlternatives: schema({
    allOf: Array.from({ length: 8 }, () => ({
      anyOf: Array.from({ length: 10 }, (_, index) => ({ properties: { [`p${index}`]: { type: 'string' } } })),
    })),
  }),
  largeEnum: schema({ enum: Array.from({ length: 4_000 }, (_, index) => `value number ${index * 7919}`) }),
  deepRecursion: schema({ type: 'array', items: { anyOf: [{ $ref: '#' }, { type: 'array', items: { $ref: '#' } }] } }),
  keyPatterns: schema({
    type: 'object',
    patternProperties: Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`^.*k${index}.*$`, { type: 'integer' }]),
    ),
  }),
  manyChoices: { type: 'choice', choices: Array.from({ length: 5_000 }, (_, index) => `choice ${index} of many`) },
};

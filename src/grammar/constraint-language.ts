import type { Constraint } from '../contracts/responses/constraint.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import { Arena, type Expression } from './expression.ts';
import { regexLanguage } from './regex-language.ts';
import { UnsupportedRegex } from './regex-parser.ts';
import { schemaLanguage } from './schema-language.ts';
import { unsupported } from './unsupported.ts';
import { literals, utf8 } from './utf8.ts';

/** The most expressions that reading a constraint may create. */
const MAX_READ = 200_000;

/**
 * Reads a constraint like the engine, but without a vocabulary, so that an API can refuse it before it accepts a job.
 * @throws ServiceError `unsupported_constraint`, with `param` naming what cannot be enforced
 */
function checkConstraint(constraint: Constraint): void {
  try {
    const arena = new Arena(MAX_READ);
    constraintLanguage(arena, constraint);
  } catch (error) {
    if (error instanceof RangeError) {
      throw unsupported(constraintParams[constraint.type], 'this is too complex to be enforced', error);
    }
    throw error;
  }
}

/** The caller's fault that `checkConstraint` throws; undefined for a constraint that can be enforced. */
export function constraintFault(constraint: Constraint): ServiceError | undefined {
  try {
    checkConstraint(constraint);
    return undefined;
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}

const MAX_ALL_CHOICES = 100_000;
const MAX_CHOICE_LENGTH = 2000;

/** Where a request has each kind of constraint, for `param` of an error. */
export const constraintParams: Readonly<Record<Constraint['type'], string>> = {
  json_object: 'text.format',
  json_schema: 'text.format.schema',
  regex: 'text.format.pattern',
  choice: 'text.format.choices',
};

/**
 * The texts that satisfy a constraint. A regex must match the whole text. @throws ServiceError `unsupported_constraint`
 */
export function constraintLanguage(arena: Arena, constraint: Constraint): Expression {
  const param = constraintParams[constraint.type];
  switch (constraint.type) {
    case 'json_object':
      return schemaLanguage(arena, { type: 'object' }, param);
    case 'json_schema':
      return schemaLanguage(arena, constraint.schema, param);
    case 'regex':
      try {
        return regexLanguage(arena, constraint.pattern, { code: utf8, whole: true });
      } catch (error) {
        if (error instanceof UnsupportedRegex) throw unsupported(param, error.message);
        throw error;
      }
    case 'choice': {
      const { choices } = constraint;
      if (choices.reduce((sum, choice) => sum + choice.length, 0) > MAX_ALL_CHOICES)
        throw unsupported(param, `the choices are longer than ${MAX_ALL_CHOICES} characters together`);
      const long = choices.findIndex((choice) => choice.length > MAX_CHOICE_LENGTH);
      if (long >= 0) throw unsupported(`${param}.${long}`, `a choice of more than ${MAX_CHOICE_LENGTH} characters`);
      return literals(arena, choices);
    }
    default:
      return constraint satisfies never;
  }
}

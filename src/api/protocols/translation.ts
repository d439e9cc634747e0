import type { Effort } from '../../contracts/responses/reasoning.ts';
import type { Warning } from '../../contracts/responses/response.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { isObject } from '../read-request.ts';

/**
 * Another API's request as a body of `POST /v1/responses`. `origins` gives the caller's own name for each of our fields
 * that is called otherwise there: `input[2]` came from `messages[1]`.
 */
export type Translation = {
  body: Record<string, unknown>;
  origins: ReadonlyMap<string, string>;
  warnings: readonly Warning[];
  /** Where nothing in the request says how much to think. Absent: the service's own. */
  defaultEffort?: Effort;
  /** The input is one text that the model goes on with, without its template. */
  raw?: true;
};

/** A further answer to one request: from another seed, and sampled, since the greedy one would come out the same. */
export function anotherAnswer(
  translation: Translation,
  { index, temperature }: { index: number; temperature: number },
): Translation {
  const { temperature: asked, seed } = translation.body;
  const seeded = typeof seed === 'number' ? { seed: seed + index } : {};
  return { ...translation, body: { ...translation.body, temperature: asked ?? temperature, ...seeded } };
}

/** A field of ours by the name that the caller knows. The longest origin that begins it holds. */
function callersName(field: string, origins: Translation['origins']): string {
  const fits = [...origins.keys()].filter((ours) => field === ours || /^[.[]/.test(tailOf(field, ours)));
  const longest = fits.sort((one, other) => other.length - one.length)[0];
  return longest === undefined ? field : `${origins.get(longest)}${field.slice(longest.length)}`;
}

/** A refusal that names the caller's fields. */
export function callersFault(error: unknown, origins: Translation['origins']): unknown {
  if (!(error instanceof ServiceError) || error.status !== 400) return error;
  const { code } = error;
  const quoted = /'([\w.[\]]+)'/g;
  const message = error.message.replace(quoted, (_all, field: string) => `'${callersName(field, origins)}'`);
  if (error.param === undefined) return new ServiceError({ code, message, cause: error });
  const param = callersName(error.param, origins);
  // Faults of a schema begin with their place.
  const placed = error.message.startsWith(`${error.param}: `);
  const shown = placed ? `${param}${error.message.slice(error.param.length)}` : message;
  return new ServiceError({ code, message: shown, cause: error, param });
}

/** The warnings of a translated request and of its job, by the caller's names. */
export function callersWarnings(translation: Translation, warnings: readonly Warning[]): Warning[] {
  const ours = warnings.map(({ field, message }) => ({ field: callersName(field, translation.origins), message }));
  return [...translation.warnings, ...ours];
}

/**
 * Warnings for fields that a schema doesn't know: `known` says why of those that their API has and we don't honour.
 * Bounded, so that a body of nothing but unknown keys makes no answer of its own size.
 */
export function foreignFields(
  body: Readonly<Record<string, unknown>>,
  shape: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, string>>,
): Warning[] {
  return Object.entries(body)
    .filter(([key, value]) => !Object.hasOwn(shape, key) && !saysNothing(value))
    .slice(0, 32)
    .map(([key]) => {
      const message = Object.hasOwn(known, key) ? `Not applied. ${known[key]}` : 'Unknown field; ignored.';
      return { field: key.slice(0, 64), message };
    });
}

/** Clients send defaults along: null, 0, false, an empty list or object. */
function saysNothing(value: unknown): boolean {
  if (isObject(value)) return Object.keys(value).length === 0;
  return Array.isArray(value) ? value.length === 0 : !value;
}

function tailOf(field: string, start: string): string {
  return field.startsWith(start) ? field.slice(start.length) : '';
}

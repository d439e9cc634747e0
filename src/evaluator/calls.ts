import { date, day, time } from './calendar-calls.ts';
import { type EvaluateCall, parseArguments } from './call-arguments.ts';
import { countIf, isPrime, max, mean, min, sort, sum } from './number-calls.ts';
import { count, length, letter, letters, reverse } from './word-calls.ts';

const longestCall = 500;

/** One function that a thought may call; `takes` shows its arguments as in docs/evaluator.md. */
interface Call {
  readonly name: string;
  readonly takes: string;
  readonly evaluate: EvaluateCall;
}

/** All calls. */
export const calls: readonly Call[] = [
  { name: 'letters', takes: '"word"', evaluate: letters },
  { name: 'reverse', takes: '"text"', evaluate: reverse },
  { name: 'length', takes: '"word"', evaluate: length },
  { name: 'letter', takes: '"word", n', evaluate: letter },
  { name: 'count', takes: '"text", "letter"', evaluate: count },
  { name: 'sort', takes: 'numbers or "words"', evaluate: sort },
  { name: 'max', takes: 'numbers', evaluate: max },
  { name: 'min', takes: 'numbers', evaluate: min },
  { name: 'sum', takes: 'numbers', evaluate: sum },
  { name: 'mean', takes: 'numbers', evaluate: mean },
  { name: 'is_prime', takes: 'n', evaluate: isPrime },
  { name: 'count_if', takes: '"condition", numbers', evaluate: countIf },
  { name: 'day', takes: '"weekday" + n', evaluate: day },
  { name: 'time', takes: '"clock" + "duration"', evaluate: time },
  { name: 'date', takes: '"month day" + n', evaluate: date },
];
const byName = new Map(calls.map((call) => [call.name, call]));

/**
 * The call at the end of `text`: its start, and its value. Arguments contain no brackets, so the last opening bracket
 * belongs to it.
 */
export function callAtEnd(text: string): { at: number; value: string | undefined } | undefined {
  const opening = text.lastIndexOf('(');
  const name = /[a-z_]+$/.exec(text.slice(Math.max(0, opening - 20), Math.max(0, opening)))?.[0];
  const call = name === undefined ? undefined : byName.get(name);
  if (name === undefined || !call || !text.endsWith(')')) return undefined;
  const at = opening - name.length;
  const given = text.length - at > longestCall ? undefined : parseArguments(text.slice(opening + 1, -1));
  return { at, value: given && call.evaluate(given) };
}

import { monthNames } from '../evaluator/calendar-calls.ts';
import type { NormalAnswer } from './normal-answer.ts';

const months = monthNames.map((name) => name.toLowerCase());

/** A month's name or its beginning, from three letters on, as a regular expression for lower case. */
export const monthPattern = `(?:${months
  .flatMap((name) => Array.from({ length: name.length - 2 }, (_, cut) => name.slice(0, name.length - cut)))
  .join('|')})`;

/** `6:05`, `6:05 pm`, `18:05`, `6 pm`; the key is on the 24-hour clock where the text says which half of the day it is. */
export function readTime(text: string): NormalAnswer | undefined {
  const match = /^(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?\s*(am|pm|a\.m|p\.m)?$/i.exec(text);
  if (match === null) return undefined;
  const [, hours = '', minutes, seconds, half] = match;
  if (minutes === undefined && half === undefined) return undefined;
  const written = Number(hours);
  if (written > 24 || Number(minutes ?? 0) > 59) return undefined;
  const pm = half?.toLowerCase().startsWith('p');
  const hour = half === undefined ? written : (written % 12) + (pm ? 12 : 0);
  const key = [String(hour).padStart(2, '0'), minutes ?? '00', ...(seconds === undefined ? [] : [seconds])].join(':');
  return { kind: 'time', key };
}

/** `2024-03-05`, `March 5, 2024`, `5 March 2024`, `March 5`; the key is ISO's, `--MM-DD` without a year. */
export function readDate(text: string): NormalAnswer | undefined {
  const iso = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/.exec(text);
  if (iso !== null) return date(iso[1], Number(iso[2]), iso[3]);
  const named = text.replace(/^the (?=\d)/i, '').replace(/(\d)(st|nd|rd|th)\b/i, '$1');
  const american = /^([A-Za-z]{3,9})\.? (\d{1,2})(?:,? (\d{4}))?$/.exec(named);
  if (american !== null) return date(american[3], monthOf(american[1]), american[2]);
  const european = /^(\d{1,2}) (?:of )?([A-Za-z]{3,9})\.?(?:,? (\d{4}))?$/.exec(named);
  return european === null ? undefined : date(european[3], monthOf(european[2]), european[1]);
}

function monthOf(word = ''): number {
  return word.length < 3 ? 0 : months.findIndex((month) => month.startsWith(word.toLowerCase())) + 1;
}

function date(year: string | undefined, month: number, day = ''): NormalAnswer | undefined {
  if (month < 1 || month > 12 || Number(day) < 1 || Number(day) > 31) return undefined;
  const rest = `${String(month).padStart(2, '0')}-${day.padStart(2, '0')}`;
  return { kind: 'date', key: `${year ?? '-'}-${rest}` };
}

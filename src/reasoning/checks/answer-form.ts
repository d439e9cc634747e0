import { z } from 'zod';
import { normalise } from '../normalise.ts';
import { abstain, defineCheck, type Finding, fail, pass } from './check.ts';
import { parseJson } from './json-schema.ts';

type Form = { asked: RegExp; holds(answer: string, match: RegExpExecArray): boolean; says: string };

const forms: Form[] = [
  {
    asked:
      /\b(?:only|just)\s+(?:with\s+)?(?:the|a)\s+(?:final\s+)?(?:number|numerical value|digits?)\b|\bwith\s+(?:only\s+)?a\s+(?:single\s+)?number\b/i,
    holds: (answer) => normalise(answer).kind === 'number',
    says: 'only a number was asked for',
  },
  {
    asked: /\b(?:only|just)\s+(?:with\s+)?the\s+(?:final\s+)?(?:answer|value|result|word|letter|name)\b/i,
    holds: (answer) => !/\n/.test(answer) && !/\banswer\b\s*(?:is|:)|\b(?:because|therefore|since)\b/i.test(answer),
    says: 'only the value was asked for',
  },
  {
    asked: /\b(?:answer|reply|respond)(?:\s+with)?(?:\s+either)?\s*:?\s*["']?yes["']?\s+or\s+["']?no\b/i,
    holds: (answer) => /\b(yes|no)\b/i.test(answer),
    says: 'yes or no was asked for',
  },
  {
    asked: /\b(?:answer|reply|respond|return|output)\b[^.?!\n]*\b(?:as|in|with)\s+(?:valid\s+)?(?:a\s+)?json\b/i,
    holds: (answer) => parseJson(answer) !== undefined,
    says: 'JSON was asked for',
  },
  {
    asked: /\bin\s+(?:exactly\s+)?(?:one|a single)\s+word\b|\bone[- ]word answer\b/i,
    holds: (answer) => answer.split(/\s+/).length === 1,
    says: 'one word was asked for',
  },
  {
    asked: /\bin\s+(exactly|at most|no more than|under|fewer than|less than)\s+(\d+)\s+words\b/i,
    holds: (answer, match) => withinCount(answer.split(/\s+/).length, match[1] ?? '', Number(match[2])),
    says: 'the number of words was given',
  },
  {
    asked:
      /\b(?:list|name|give(?:\s+me)?|write)\s+(?:exactly\s+)?(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\s+\w+(?!\s*(?:words|paragraphs|sentences))/i,
    holds: (answer, match) => {
      const count = listLength(answer);
      return count === undefined || count === countOf(match[1] ?? '');
    },
    says: 'the number of items was given',
  },
];

/** The form that the question asks for: only the number, yes or no, JSON, a count of words or items. */
export const answerForm = defineCheck({
  name: 'answer-form',
  description:
    'The answer has the form that the question asks for: only the number, yes or no, JSON, n words, a list of n.',
  judges: 'value',
  options: z.looseObject({}),
  run({ question, answer }): Finding {
    const text = answer.trim().replace(/[.!]$/, '');
    let asked = 0;
    for (const form of forms) {
      const match = form.asked.exec(question);
      if (match === null) continue;
      asked += 1;
      if (!form.holds(text, match)) return fail(form.says);
    }
    return asked === 0 ? abstain('no form was asked for') : pass('the answer has the form that was asked for');
  },
});

function withinCount(words: number, bound: string, limit: number): boolean {
  if (bound.toLowerCase() === 'exactly') return words === limit;
  return /under|fewer|less/i.test(bound) ? words < limit : words <= limit;
}

/** Items of a bulleted or numbered list; undefined for anything else, which no count can be read from. */
function listLength(answer: string): number | undefined {
  const bullets = answer.match(/^\s*(?:[-*•]|\d+[.)])\s+\S/gm)?.length;
  if (bullets !== undefined) return bullets;
  const value = normalise(answer);
  return value.kind === 'list' ? value.key.split(', ').length : undefined;
}

const words = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

function countOf(written: string): number {
  const index = words.indexOf(written.toLowerCase());
  return index >= 0 ? index : Number(written);
}

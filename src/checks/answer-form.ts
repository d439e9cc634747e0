import { z } from 'zod';
import { normalise } from '../answers/normalise.ts';
import { readNumberWords } from '../answers/numbers.ts';
import { abstain, defineCheck, type Finding, fail, pass } from './check.ts';
import { answerJson } from './json-schema.ts';

/** `alone`: nothing else may be asked for. `demand`: the words before must ask for it. */
type Form = {
  asked: RegExp;
  alone?: boolean;
  demand?: boolean;
  holds(answer: string, match: RegExpExecArray): boolean;
  says: string;
};

/** `Answer with only …`, `Just the …`; not `He is only a number to them`. */
const demanded =
  /(?:(?:^|[.?!:;,(\n])\s*|\b(?:answer|reply|respond|give|write|return|output|say|state|provide|print|show|tell|put)\b[^.?!\n]*)$/i;
const denied = /\b(?:not|never|avoid|without|instead of|rather than)\b[^.?!\n]*$|n['’]t\b[^.?!\n]*$/i;
const more = /\b(?:then|explain|explanation|justify|reasons?|reasoning|why|describe|followed by|as well as|steps?)\b/i;

const forms: Form[] = [
  {
    asked:
      /\b(?:only|just)\s+(?:with\s+)?(?:the|a)\s+(?:final\s+)?(?:number|numerical value|digits?)\b|\bwith\s+(?:only\s+)?a\s+(?:single\s+)?number\b/i,
    holds: (answer) => normalise(answer).kind === 'number',
    alone: true,
    demand: true,
    says: 'only a number was asked for',
  },
  {
    asked: /\b(?:only|just)\s+(?:with\s+)?the\s+(?:final\s+)?(?:answer|value|result|word|letter|name)\b/i,
    holds: (answer) => !/\n/.test(answer) && !/\banswer\b\s*(?:is|:)|\b(?:because|therefore|since)\b/i.test(answer),
    alone: true,
    demand: true,
    says: 'only the value was asked for',
  },
  {
    asked: /\b(?:answer|reply|respond)(?:\s+with)?(?:\s+either)?\s*:?\s*["']?yes["']?\s+or\s+["']?no\b/i,
    holds: (answer) => /\b(yes|no)\b/i.test(answer),
    says: 'yes or no was asked for',
  },
  {
    asked:
      /\b(?:answer|reply|respond|return|output)\b(?:(?!\b(?:about|how|why|what|whether|when|where|which|used?|stored?|parsed?)\b)[^.?!\n])*\b(?:as|in|with)\s+(?:valid\s+)?(?:a\s+)?json\b/i,
    holds: (answer) => answerJson(answer) !== undefined,
    says: 'JSON was asked for',
  },
  {
    asked: /(?:^|[.!?\n]\s*)who\b(?:(?!\bhow (?:much|many)\b)[^.!?\n])*\?\s*$/i,
    holds: (answer) => !/^(?:the answer is:?\s*)?[-−+]?[\d.,]+$/i.test(answer),
    alone: true,
    says: 'a name was asked for',
  },
  {
    asked: /\bin\s+(?:exactly\s+)?(?:one|a single)\s+word\b(?!\s+of\b)|\bone[- ]word answer\b/i,
    holds: (answer) => wordsOf(answer) === 1,
    alone: true,
    says: 'one word was asked for',
  },
  {
    asked: /\bin\s+(exactly|at most|no more than|under|fewer than|less than)\s+(\d+)\s+words\b/i,
    holds: (answer, match) => withinCount(wordsOf(answer), match[1] ?? '', Number(match[2])),
    says: 'the number of words was given',
  },
  {
    asked:
      /(?:^|[.?!:;\n]\s*|\b(?:please|can you|could you)\s+)(?:list|name|give(?:\s+me)?|write)\s+(?:exactly\s+)?(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\s+(?!(?:words|paragraphs|sentences|lines|letters|characters|digits|pages|verses|stanzas|times|percent|hundred|thousand|million|as|in|to|of|or|and)\b)\w+(?![^.?!\n]*(?:\b(?:and|or|plus|with|each|per)\b|,)\s+(?:\d|an?\b|one\b|two\b|three\b|four\b|five\b|each\b))/i,
    holds: (answer, match) => {
      const count = listLength(answer);
      return count === undefined || count === countOf(match[1] ?? '');
    },
    says: 'the number of items was given',
  },
];

/** The form that the question asks for: only the number, a name (`Who …?`), yes or no, JSON, a count of words or items. */
export const answerForm = defineCheck({
  name: 'answer-form',
  description:
    'The answer has the form that the question asks for: only the number, a name, yes or no, JSON, n words, a list of n.',
  judges: 'value',
  standard: 'always',
  permanent: true,
  options: z.object({}),
  run({ question, answer }): Finding {
    const text = answer.trim().replace(/[.!]$/, '');
    let asked = 0;
    for (const form of forms) {
      const match = form.asked.exec(question);
      if (match === null || !isMeant(form, match, question)) continue;
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

/** False where the question denies it, asks for more than it, or only speaks of it. */
function isMeant(form: Form, match: RegExpExecArray, question: string): boolean {
  const before = question.slice(0, match.index);
  if (denied.test(before)) return false;
  if (form.alone === true && more.test(question.slice(match.index))) return false;
  return form.demand !== true || demanded.test(before) || /^with\b/i.test(match[0]);
}

function wordsOf(text: string): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\d]/u.test(word)).length;
}

/** Outer items of a bulleted or numbered list; undefined for anything else, which no count can be read from. */
function listLength(answer: string): number | undefined {
  const bullets = [...answer.matchAll(/^([^\S\n]*)([-*•]|\d+[.)])\s+\S/gm)];
  const outer = Math.min(...bullets.map(([, indent = '']) => indent.length));
  const items = bullets.filter(([, indent = '']) => indent.length === outer);
  const numbered = items.filter(([, , mark = '']) => /\d/.test(mark));
  // Bullets without an indent below numbers: which are the items can't be told.
  if (numbered.length > 0 && numbered.length < items.length) return undefined;
  if (items.length > 0) return items.length;
  const value = normalise(answer);
  return value.kind === 'list' ? value.key.split(', ').length : undefined;
}

function countOf(written: string): number {
  return Number(readNumberWords(written)?.value ?? written);
}

import { readFile } from 'node:fs/promises';
import { evaluate } from 'mathjs';
import { describe, expect, it } from 'vitest';
import { generateQuestions } from '../../eval/generator/generate-questions.ts';
import { questionKinds } from '../../eval/generator/index.ts';
import type { Question } from '../../eval/generator/question.ts';

const questions = generateQuestions({ seed: 'test', count: 3_000 });
const ofKind = (kind: string) => questions.filter((question) => question.kind === kind);
const numbersIn = (text: string) => (text.match(/\d+(\.\d+)?/g) ?? []).map(Number);
const lastWordOf = (text: string) =>
  /"([a-z]{2,})"/.exec(text)?.[1] ?? /(?:word|in|spell|out|does) ([a-z]{4,})(?:\.|\?| letter by| have)/.exec(text)?.[1];

/** The right answer again, read from the question's own words by other means than the generator's. */
const rederive: Record<string, (question: string) => string> = {
  add: (question) => String(evaluate(numbersIn(question).join('+'))),
  sub: (question) => String(Math.max(...numbersIn(question)) - Math.min(...numbersIn(question))),
  mul: (question) => String(evaluate(numbersIn(question).join('*'))),
  div(question) {
    const [low, high] = numbersIn(question).toSorted((a, b) => a - b);
    return String(evaluate(/mod|remainder/.test(question) ? `mod(${high},${low})` : `${high}/${low}`));
  },
  expr: (question) =>
    String(
      evaluate(
        question
          .replace(/^[A-Z][a-z ]+/, '')
          .replaceAll('×', '*')
          .replace(/[.?]$/, ''),
      ),
    ),
  sum: (question) => String(evaluate(numbersIn(question).join('+'))),
  mean: (question) => String(evaluate(`mean(${numbersIn(question).join(',')})`)),
  pct(question) {
    const [first = 0, second = 0] = numbersIn(question);
    return String(question.includes('off') ? first - (first * second) / 100 : (first * second) / 100);
  },
  sequence(question) {
    const terms = numbersIn(question);
    const [a = 0, b = 0] = terms;
    const [last = 0, before = 0] = terms.toReversed();
    const differences = terms.slice(1).map((term, index) => term - (terms[index] ?? 0));
    const [first = 0, second = 0] = differences;
    if (new Set(differences).size === 1) return String(last + first);
    return String(second - first === 1 && b / a !== last / before ? last + differences.length + first : (last * b) / a);
  },
  compare: (question) =>
    (question.match(/\d+\.\d+/g) ?? []).toSorted((a, b) =>
      /small|less/.test(question) ? Number(a) - Number(b) : Number(b) - Number(a),
    )[0] ?? '',
  divisible: (question) => (Number.isInteger(evaluate(numbersIn(question).join('/'))) ? 'yes' : 'no'),
  prime: (question) => (evaluate(`isPrime(${numbersIn(question)[0]})`) ? 'yes' : 'no'),
  bool: (question) =>
    evaluate(/(?:: )(.*)[.?]$/.exec(question)?.[1]?.replaceAll('True', 'true').replaceAll('False', 'false') ?? '')
      ? 'True'
      : 'False',
  extreme: (question) =>
    String(evaluate(`${question.includes('largest') ? 'max' : 'min'}(${numbersIn(question).join(',')})`)),
  sort: (question) =>
    evaluate(`sort([${numbersIn(question).join(',')}])`)
      .toArray()
      .join(', '),
  length: (question) => String(lastWordOf(question)?.length),
  spell: (question) => lastWordOf(question)?.replace(/(?<=.)(?=.)/g, '-') ?? '',
  'count-letter'(question) {
    const letter = /letter "?([a-z])(?:"| appear|s are)|many ([a-z])'s/.exec(question);
    return String((lastWordOf(question)?.split(letter?.[1] ?? letter?.[2] ?? '?').length ?? 0) - 1);
  },
};

describe('generateQuestions', () => {
  it('gives the same questions for the same seed and others for another', () => {
    expect(generateQuestions({ seed: 'test', count: 3_000 })).toEqual(questions);
    const texts = new Set(questions.map(({ question }) => question));
    const other = generateQuestions({ seed: 'other', count: 600 });
    expect(other.filter(({ question }) => texts.has(question)).length).toBeLessThan(200);
  });

  it('has its fixed set in eval/sets', async () => {
    const lines = (await readFile('eval/sets/generated.jsonl', 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(generateQuestions({ seed: 'evaluation-1', count: 600 }));
  });

  it('asks no question twice, and none of those to be left out', () => {
    expect(new Set(questions.map(({ question }) => question)).size).toBe(questions.length);
    const without = new Set(questions.map(({ question }) => question));
    const rest = generateQuestions({ seed: 'test', count: 600, without });
    expect(rest.some(({ question }) => without.has(question))).toBe(false);
  });

  it('has every kind, in any set of 600', () => {
    const kinds = new Set(generateQuestions({ seed: 'x', count: 600 }).map(({ kind }) => kind));
    expect([...kinds].toSorted()).toEqual(questionKinds.map(({ name }) => name).toSorted());
  });

  it('keeps a kind to itself: its questions do not change with what else is asked', () => {
    const alone = generateQuestions({ seed: 'test', count: 20, kinds: ['mul'] }).map(({ question }) => question);
    expect(ofKind('mul').map(({ question }) => question)).toEqual(expect.arrayContaining(alone));
  });

  it.each(Object.entries(rederive))('has the right answer to every %s question', (kind, derive) => {
    const asked = ofKind(kind);
    expect(asked.length).toBeGreaterThan(10);
    const wrong = asked.filter(({ question, answer }: Question) => derive(question) !== answer);
    expect(wrong).toEqual([]);
  });
});

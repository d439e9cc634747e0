import { z } from 'zod';
import { conclusionOf } from '../answers/answer-value.ts';
import type { NormalAnswer } from '../answers/normal-answer.ts';
import { normalise, sameAnswer } from '../answers/normalise.ts';
import { abstain, defineCheck, fail, pass } from './check.ts';
import { standingLines } from './thought-lines.ts';

/** `reverse("stone") = enots.`: a call whose result is a word, or words in a list. */
const wordResult = /^\s*\w+\(.*\)\s*=\s*"?(\p{L}+(?:, ?\p{L}+)*)"?\.?\s*$/u;
const words = /^\p{L}[\p{L}\s,'’-]*$/u;

/** The conclusion is the word that the line before it computed: a small model may copy a rare word wrongly. */
export const conclusion = defineCheck({
  name: 'conclusion',
  description: 'The conclusion repeats the word that the line before it computed.',
  judges: 'line',
  standard: 'always',
  linear: true,
  options: z.object({}),
  run({ thought }) {
    const lines = standingLines(thought);
    const [last, before] = [lines.at(-1), lines.at(-2)];
    const computed = wordResult.exec(before?.text ?? '')?.[1];
    const written = conclusionOf(last?.text ?? '');
    if (last === undefined || computed === undefined || written === undefined)
      return abstain('no conclusion follows a computed word');
    const [result, concluded] = [normalise(computed), normalise(written)];
    if (sameAnswer(result, concluded) || lettersOf(result) === lettersOf(concluded))
      return { ...pass('the conclusion is the computed word'), held: [last.number] };
    // It may have been chosen from earlier lines.
    const isEarlier = lines.slice(0, -2).some(({ text }) => text.toLowerCase().includes(concluded.key));
    if (concluded.kind !== result.kind || !words.test(concluded.key) || isEarlier)
      return abstain('the conclusion is not a copy of the computed word');
    return fail('the conclusion is not the word that was computed', {
      line: last.number,
      wrong: written,
      quoting: `the thought computed ${computed}, its conclusion says ${written}`,
    });
  },
});

/** Hyphens and spaces may be asked for. */
function lettersOf({ key }: NormalAnswer): string {
  return key.replaceAll(/[^\p{L}]/gu, '');
}

import { z } from 'zod';
import { abstain, defineCheck, fail, pass } from './check.ts';

/** The model's own verdict, as a score of yes against no. Calibration says whether it is worth a voice. */
export const selfVerdict = defineCheck({
  name: 'self-verdict',
  description:
    'The model’s own verdict on its answer, a score of yes against no; fails and passes beyond the given log-odds.',
  judges: 'value',
  slow: true,
  options: z.object({
    pass_above: z.number().optional().describe('Log-odds of yes against no above which it passes.'),
    fail_below: z.number().optional().describe('Log-odds below which it fails.'),
  }),
  async run({ question, answer }, { options, services, signal }) {
    const odds = await services.verdict?.(question, answer, { signal });
    if (odds === undefined) return abstain('this model gives no verdicts');
    const detail = `log-odds of yes ${odds.toFixed(2)}`;
    if (odds > (options.pass_above ?? Number.POSITIVE_INFINITY)) return pass(detail);
    if (odds < (options.fail_below ?? Number.NEGATIVE_INFINITY)) return fail(`the model doubts it: ${detail}`);
    return abstain(detail);
  },
});

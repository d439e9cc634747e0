import { z } from 'zod';
import { abstain, defineCheck } from './check.ts';

const Reply = z.object({
  verdict: z.enum(['pass', 'fail', 'abstain']),
  detail: z.string().max(500).optional(),
  wrong: z.string().max(200).optional(),
});

/** The caller's own check: `{ question, answer, value }` is posted, `{ verdict, detail?, wrong? }` comes back. */
export const webhook = defineCheck({
  name: 'webhook',
  description: 'The caller’s own check by HTTP: the question and the answer are posted, a verdict comes back.',
  judges: 'value',
  confirms: true,
  slow: true,
  options: z.object({ url: z.url('expected an address') }),
  async run({ question, answer, value }, { options, services, signal }) {
    if (services.postCheck === undefined) return abstain('callbacks are not available here');
    const body = { type: 'check', question, answer, value: value ?? null };
    const reply = Reply.parse(await services.postCheck(options.url, body, { signal }));
    return {
      verdict: reply.verdict,
      detail: reply.detail ?? `the caller’s check says ${reply.verdict}`,
      ...(reply.wrong === undefined ? {} : { wrong: reply.wrong }),
    };
  },
});

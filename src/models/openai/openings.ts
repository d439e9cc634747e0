import type { LearnedOpening, Opening } from './delta-splitter.ts';
import type { SampleContext } from './sample-context.ts';
import { UpstreamRefused } from './upstream-error.ts';

/**
 * How this server's new turns begin, with thinking and without: a template may open the thought itself, and a server that
 * doesn't take thoughts out then leaves one in the content whose opening tag nobody sees. Told by the entry, else seen in
 * the template where the server shows it, else learned from the first answers: until then their text is held back.
 */
export type Openings = {
  of(context: SampleContext, thinking: boolean): Promise<Opening>;
  /** What a stream that was held back has shown. */
  learn(thinking: boolean, opening: LearnedOpening): void;
};

export function createOpenings(): Openings {
  const known = new Map<boolean, LearnedOpening>();
  const learn = (thinking: boolean, opening: LearnedOpening) => void known.set(thinking, opening);
  return {
    learn,
    async of(context, thinking) {
      // Without think tags there is a marker to look for, or nothing.
      if (context.family.tags === undefined) return thinking ? 'tagged' : 'closed';
      if (thinking && context.config.thoughtOpenedByTemplate) return 'inside';
      if (!known.has(thinking)) {
        const seen = await openedByTemplate(context, thinking);
        if (seen !== undefined) learn(thinking, seen ? 'inside' : 'tagged');
      }
      return known.get(thinking) ?? 'held';
    },
  };
}

/** Undefined where the server doesn't show its rendering. */
async function openedByTemplate(context: SampleContext, thinking: boolean): Promise<boolean | undefined> {
  if (context.dialect.render === undefined || context.refusals.has('raw')) return undefined;
  try {
    return (await context.render({ thinking })).opened;
  } catch (error) {
    if (context.signal.aborted) throw error;
    // Where the route fails in another way, the answer itself will say what is wrong, if anything is.
    if (error instanceof UpstreamRefused) context.refusals.addWay('raw', error);
    return undefined;
  }
}

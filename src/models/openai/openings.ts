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
  /** Whether a new turn thinks though it is told not to: its template has no switch. False where none is shown. */
  thinksAnyway(context: SampleContext): Promise<boolean>;
};

export function createOpenings(): Openings {
  const known = new Map<boolean, LearnedOpening>();
  const learn = (thinking: boolean, opening: LearnedOpening) => void known.set(thinking, opening);
  let switchless: boolean | undefined;
  return {
    learn,
    async thinksAnyway(context) {
      if (context.family.tags === undefined) return false;
      switchless ??= await seen(context, () => context.hasNoSwitch());
      return switchless ?? false;
    },
    async of(context, thinking) {
      // Without think tags there is a marker to look for, or nothing.
      if (context.family.tags === undefined) return thinking ? 'tagged' : 'untagged';
      if (thinking && context.config.thoughtOpenedByTemplate) return 'inside';
      if (!known.has(thinking)) {
        const opened = await seen(context, async () => (await context.render({ thinking })).opened);
        // A thought that the template doesn't open may still come without its opening tag: its model, or a server, leaves it out.
        if (opened === true || (opened === false && !thinking)) learn(thinking, opened ? 'inside' : 'tagged');
      }
      return known.get(thinking) ?? 'held';
    },
  };
}

/** What a rendering shows; undefined where the server doesn't show any. */
async function seen(context: SampleContext, look: () => Promise<boolean>): Promise<boolean | undefined> {
  if (context.dialect.render === undefined || context.refusals.has('raw')) return undefined;
  try {
    return await look();
  } catch (error) {
    if (context.signal.aborted) throw error;
    // Where the route fails in another way, the answer itself will say what is wrong, if anything is.
    if (error instanceof UpstreamRefused) context.refusals.addWay('raw', error);
    return undefined;
  }
}

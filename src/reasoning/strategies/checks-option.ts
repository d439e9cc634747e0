import { z } from 'zod';
import type { Check } from '../../checks/check.ts';
import { checks } from '../../checks/index.ts';

/** Checks by name with their options, of those that there are: what a check would not understand is refused, not left out. */
export const ChecksOption = checksOption([...checks.values()]);

/** @throws where `known` is empty */
export function checksOption(known: readonly Check[]) {
  const [first, ...others] = known.map(namedOptions);
  if (first === undefined) throw new Error('there is no check');
  return z.array(z.discriminatedUnion('type', [first, ...others])).optional();
}

function namedOptions({ name, options }: Check) {
  const named = options.safeExtend({ type: z.literal(name) });
  return named.def.catchall === undefined ? named.strict() : named;
}

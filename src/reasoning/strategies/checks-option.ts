import { z } from 'zod';
import { checks } from '../checks/index.ts';

const names = [...checks.keys()];
const known = names.map((name) => `'${name}'`).join(', ');

/** Checks by name with their options: of a strategy that takes any. One that is not there is refused, not left out. */
export const ChecksOption = z
  .array(z.looseObject({ type: z.enum(names, { error: () => `expected one of ${known}` }) }))
  .optional();

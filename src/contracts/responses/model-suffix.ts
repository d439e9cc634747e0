import { Effort, Mode } from './reasoning.ts';

/** `small:low` as the model `small` with its choice of effort; undefined where the name ends in none. */
export function splitModelSuffix(name: string): { id: string; suffix: Effort | Mode } | undefined {
  const colon = name.lastIndexOf(':');
  const suffix = Effort.or(Mode).safeParse(name.slice(colon + 1));
  return colon > 0 && suffix.success ? { id: name.slice(0, colon), suffix: suffix.data } : undefined;
}

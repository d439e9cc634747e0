import { parseJson } from '../../core/parse-json.ts';

/** Levels. Much deeper JSON can be parsed but not written again: that overflows the stack. */
const deepest = 200;

/**
 * The arguments of a tool call as JSON. Undefined if they are not JSON, as in a call that was cut short, or nested so deeply that an
 * answer which contains them could not be written.
 */
export function parsedArguments(text: string): unknown {
  const parsed = parseJson(text);
  return isDeeper(parsed, deepest) ? undefined : parsed;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => isDeeper(child, levels - 1));
}

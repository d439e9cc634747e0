import { z } from 'zod';

const Written = z.object({
  name: z.string().min(1),
  arguments: z.union([z.record(z.string(), z.unknown()), z.string()]).default({}),
});

/** What stands between a model's tool-call tags, `{"name": …, "arguments": {…}}`; undefined where it is something else. */
export function parseToolCall(text: string): { name: string; arguments: string } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = Written.safeParse(json);
  if (!parsed.success) return undefined;
  const { name, arguments: given } = parsed.data;
  return { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) };
}

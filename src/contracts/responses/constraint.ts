import { z } from 'zod';

/** A format that the answer (never the thought) must follow while it is decoded. */
export const Constraint = z.discriminatedUnion('type', [
  z.object({ type: z.literal('json_object') }),
  z.object({ type: z.literal('json_schema'), schema: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal('regex'), pattern: z.string() }),
  z.object({ type: z.literal('choice'), choices: z.array(z.string()).min(1) }),
]);
export type Constraint = z.infer<typeof Constraint>;

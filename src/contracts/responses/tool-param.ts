import { z } from 'zod';

/** The tools of a request, and which of them a model may or must call, as OpenAI's Responses API has them. */

const JsonSchema = z.record(z.string(), z.unknown());

export const FunctionToolParam = z.object({
  type: z.literal('function'),
  name: z.string().min(1).max(64),
  description: z.string().nullish(),
  parameters: JsonSchema.nullish(),
  strict: z.boolean().nullish(),
});
export type FunctionToolParam = z.infer<typeof FunctionToolParam>;

/** A tool that is called with free text. */
export const CustomToolParam = z.object({
  type: z.literal('custom'),
  name: z.string().min(1).max(64),
  description: z.string().nullish(),
  format: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('text') }),
      /** `regex` is enforced; `lark` is shown to the model, with a warning. */
      z.object({ type: z.literal('grammar'), syntax: z.enum(['lark', 'regex']), definition: z.string().min(1) }),
    ])
    .nullish(),
});
export type CustomToolParam = z.infer<typeof CustomToolParam>;

/** A group of tools; calls of them name it. */
export const NamespaceToolParam = z.object({
  type: z.literal('namespace'),
  name: z.string().min(1).max(64),
  description: z.string().nullish(),
  tools: z
    .array(z.discriminatedUnion('type', [FunctionToolParam, CustomToolParam]))
    .min(1)
    .max(128),
});
export type NamespaceToolParam = z.infer<typeof NamespaceToolParam>;

/** A `type` for which there is no schema of its own. */
const typeBeside = (known: readonly string[]) =>
  z
    .string()
    .max(64)
    .regex(new RegExp(`^(?!(?:${known.join('|')})$)\\w`), {
      error: `expected a type, or all fields of ${known.join(', ')}`,
      // Else a union takes this for the alternative that was meant.
      abort: true,
    });

/** A tool that other services run themselves (`web_search`, `mcp`, …). This one has none: it is warned of, or refused where it must be called. */
const OtherToolParam = z.object({ type: typeBeside(['function', 'custom', 'namespace']) });

export const ToolParam = z.union([
  z.discriminatedUnion('type', [FunctionToolParam, CustomToolParam, NamespaceToolParam]),
  OtherToolParam,
]);
export type ToolParam = z.infer<typeof ToolParam>;

export const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.enum(['function', 'custom']), name: z.string().min(1) }),
  z.object({ type: z.literal('allowed_tools'), mode: z.enum(['auto', 'required']), tools: z.array(JsonSchema) }),
]);
export type ToolChoice = z.infer<typeof ToolChoice>;

export const ToolChoiceParam = z.union([
  ToolChoice,
  z.object({ type: typeBeside(['function', 'custom', 'allowed_tools']) }),
]);

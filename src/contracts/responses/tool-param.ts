import { z } from 'zod';

/** The tools of a request, and which of them a model may or must call, as in OpenAI's Responses API. */

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

/** A group of tools; calls to them include its name. */
const NamespaceToolParam = z.object({
  type: z.literal('namespace'),
  name: z.string().min(1).max(64),
  description: z.string().nullish(),
  tools: z
    .array(z.discriminatedUnion('type', [FunctionToolParam, CustomToolParam]))
    .min(1)
    .max(128),
});

/** Python that the service runs itself. A container lives as long as its chain and begins without files: ids of either are refused. */
export const CodeInterpreterToolParam = z.object({
  type: z.literal('code_interpreter'),
  container: z.union([
    z.string(),
    z.object({
      type: z.literal('auto'),
      file_ids: z.array(z.string()).exactOptional(),
      memory_limit: z.enum(['1g', '4g', '16g', '64g']).nullable().exactOptional(),
    }),
  ]),
});
export type CodeInterpreterToolParam = z.infer<typeof CodeInterpreterToolParam>;

const ToolNames = z.array(z.string().min(1).max(128)).max(128);
const ToolFilter = z.object({ tool_names: ToolNames.exactOptional(), read_only: z.boolean().exactOptional() });
export type ToolFilter = z.infer<typeof ToolFilter>;

/** Tools of a Model Context Protocol server. Without `server_url`, `server_label` names one of the operator's servers. */
export const McpToolParam = z.object({
  type: z.literal('mcp'),
  server_label: z
    .string()
    .max(32)
    .regex(/^[A-Za-z][\w-]*$/),
  server_url: z.url({ protocol: /^https?$/ }).exactOptional(),
  /** OpenAI's own services: refused. */
  connector_id: z.string().exactOptional(),
  tunnel_id: z.string().exactOptional(),
  server_description: z.string().max(1_024).exactOptional(),
  allowed_tools: z.union([ToolNames, ToolFilter]).nullable().exactOptional(),
  require_approval: z
    .union([
      z.enum(['always', 'never']),
      z.object({ always: ToolFilter.exactOptional(), never: ToolFilter.exactOptional() }),
    ])
    .nullable()
    .exactOptional(),
  /** Sent as a bearer token; never returned. */
  authorization: z.string().min(1).max(8_192).exactOptional(),
  /** Sent to the server; never returned. */
  headers: z.record(z.string().max(128), z.string().max(8_192)).nullable().exactOptional(),
});
export type McpToolParam = z.infer<typeof McpToolParam>;

/** A tool that the service runs itself. */
export const ServerToolParam = z.discriminatedUnion('type', [CodeInterpreterToolParam, McpToolParam]);
export type ServerToolParam = z.infer<typeof ServerToolParam>;

/** A `type` for which there is no specific schema. */
const typeBeside = (known: readonly string[]) =>
  z
    .string()
    .max(64)
    .regex(new RegExp(`^(?!(?:${known.join('|')})$)\\w`), {
      error: `expected a type, or all fields of ${known.join(', ')}`,
      // Otherwise a union would take this for the intended alternative.
      abort: true,
    });

/**
 * A tool that other services run themselves (`web_search`, …) and this one does not have: it gives a warning, or is
 * refused if it must be called.
 */
const OtherToolParam = z.object({
  type: typeBeside(['function', 'custom', 'namespace', 'code_interpreter', 'mcp']),
});

export const ToolParam = z.union([
  z.discriminatedUnion('type', [
    FunctionToolParam,
    CustomToolParam,
    NamespaceToolParam,
    CodeInterpreterToolParam,
    McpToolParam,
  ]),
  OtherToolParam,
]);
export type ToolParam = z.infer<typeof ToolParam>;

/** A tool that the service runs. `name`: one tool of an MCP server. */
const ServerToolChoice = z.discriminatedUnion('type', [
  z.object({ type: z.literal('code_interpreter') }),
  z.object({
    type: z.literal('mcp'),
    server_label: z.string().min(1),
    name: z.string().min(1).max(128).nullable().exactOptional(),
  }),
]);

export const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  ServerToolChoice,
  z.object({ type: z.enum(['function', 'custom']), name: z.string().min(1) }),
  z.object({ type: z.literal('allowed_tools'), mode: z.enum(['auto', 'required']), tools: z.array(JsonSchema) }),
]);
export type ToolChoice = z.infer<typeof ToolChoice>;

export const ToolChoiceParam = z.union([
  ToolChoice,
  z.object({ type: typeBeside(['function', 'custom', 'allowed_tools', 'code_interpreter', 'mcp']) }),
]);

/** A tool that the service runs itself; a `type` of ours is never taken for one without a schema. */
export function isServerTool(tool: ToolParam): tool is ServerToolParam {
  return 'container' in tool || 'server_label' in tool;
}

/** What an entry has of secrets. They are never stored as they are, and never returned. */
export const ToolSecrets = McpToolParam.pick({ authorization: true, headers: true });
export type ToolSecrets = z.infer<typeof ToolSecrets>;

export function withoutSecrets(tool: ServerToolParam): ServerToolParam {
  if (tool.type !== 'mcp') return tool;
  const { authorization: _token, headers: _headers, ...shown } = tool;
  return shown;
}

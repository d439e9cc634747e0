import { createHash } from 'node:crypto';
import type { Client, Tool } from '@modelcontextprotocol/client';
import type { McpToolParam } from '../../contracts/responses/tool-param.ts';
import type { ServerFunction } from '../server-tool.ts';

/** A server's tool, as the model knows it and as the server does. */
export type McpFunction = ServerFunction & { toolName: string };

/** Its tools can't be offered. The message is written for callers. */
export class ToolListRefused extends Error {
  override readonly name = 'ToolListRefused';
}

const mostTools = 128;
/** Characters of all descriptions and schemas together, of a schema, and of a description. */
const mostListCharacters = 400_000;
const mostSchemaCharacters = 32_768;
const mostSchemaDepth = 32;
const mostDescriptionCharacters = 4_096;
/** As the protocol recommends; and what a model's server takes as the name of a function. */
const toolName = /^[\w.\-/]{1,128}$/;
const mostFunctionName = 64;

type Listing = {
  /** The operator's server: its hints are believed. */
  trusted: boolean;
  /** Removes what the server was sent in secret, which it can repeat. */
  hide(text: string): string;
  signal: AbortSignal;
  timeout: number;
};

/**
 * The tools of a server that a request allows, in the server's order.
 * @throws ToolListRefused for a list that is too long, or a tool among the allowed ones that can't be offered
 */
export async function listFunctions(
  client: Client,
  entry: McpToolParam,
  { trusted, hide, signal, timeout }: Listing,
): Promise<McpFunction[]> {
  const functions: McpFunction[] = [];
  let characters = 0;
  const { tools } = await client.listTools(undefined, { signal, timeout });
  for (const tool of tools) {
    if (!isAllowed(tool, entry)) continue;
    const made = functionOf(tool, entry, { trusted, hide });
    characters += made.description.length + JSON.stringify(made.parameters).length;
    if (functions.length === mostTools) throw refused(`more than ${mostTools} tools`);
    if (characters > mostListCharacters) throw refused(`more than ${mostListCharacters} characters of descriptions`);
    if (functions.some(({ name }) => name === made.name)) throw refused(`two tools of the name '${made.toolName}'`);
    functions.push(made);
  }
  return functions;
}

function functionOf(
  { name, description, inputSchema, annotations }: Tool,
  entry: McpToolParam,
  { trusted, hide }: Pick<Listing, 'trusted' | 'hide'>,
): McpFunction & { description: string } {
  if (!toolName.test(name)) throw refused(`a tool whose name can't be used: ${JSON.stringify(name.slice(0, 64))}`);
  const readOnly = annotations?.readOnlyHint === true;
  return {
    name: functionName(entry.server_label, name),
    description: hide(plainText(description ?? '')).slice(0, mostDescriptionCharacters),
    parameters: checkedSchema(inputSchema, { name, hide }),
    shown: {
      type: 'mcp',
      server_label: entry.server_label,
      name,
      ...(annotations !== undefined && { annotations: hints(annotations) }),
    },
    pure: trusted && readOnly,
    stateful: false,
    needsApproval: needsApproval(name, readOnly, entry),
    toolName: name,
  };
}

type Filter = { tool_names?: string[] | undefined; read_only?: boolean | undefined };

function isAllowed({ name, annotations }: Tool, { allowed_tools: allowed }: McpToolParam): boolean {
  if (allowed === undefined || allowed === null) return true;
  const filter = Array.isArray(allowed) ? { tool_names: allowed } : allowed;
  return matches(filter, name, annotations?.readOnlyHint === true);
}

/** A filter's conditions hold together; one without any matches everything. */
function matches({ tool_names: names, read_only: readOnly }: Filter, name: string, isReadOnly: boolean): boolean {
  return (names?.includes(name) ?? true) && (readOnly === undefined || readOnly === isReadOnly);
}

/** What neither part names needs it. */
function needsApproval(name: string, readOnly: boolean, { require_approval: asked }: McpToolParam): boolean {
  if (asked === undefined || asked === null || typeof asked === 'string') return asked !== 'never';
  if (asked.always !== undefined && matches(asked.always, name, readOnly)) return true;
  return asked.never === undefined || !matches(asked.never, name, readOnly);
}

/** `label__name`, of characters that every model's server takes; a name that had to be changed ends in a hash of the whole. */
function functionName(label: string, name: string): string {
  const whole = `${label}__${name}`;
  const plain = whole.replaceAll(/[^\w-]/g, '_');
  if (plain === whole && plain.length <= mostFunctionName) return plain;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 8);
  return `${plain.slice(0, mostFunctionName - hash.length - 1)}_${hash}`;
}

function checkedSchema(
  schema: Tool['inputSchema'],
  { name, hide }: { name: string; hide: Listing['hide'] },
): Record<string, unknown> {
  if (isDeeper(schema, mostSchemaDepth)) throw refused(`a tool '${name}' whose schema is nested too deeply`);
  const text = JSON.stringify(schema);
  if (text.length > mostSchemaCharacters) throw refused(`a tool '${name}' whose schema is too large`);
  return JSON.parse(hide(text));
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => isDeeper(child, levels - 1));
}

function hints(annotations: NonNullable<Tool['annotations']>): Record<string, boolean> {
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations;
  const all = { readOnlyHint, destructiveHint, idempotentHint, openWorldHint };
  return Object.fromEntries(
    Object.entries(all).filter((pair): pair is [string, boolean] => typeof pair[1] === 'boolean'),
  );
}

/** Without characters that make a terminal do something, and without halves of surrogate pairs. */
export function plainText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd').replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

function refused(what: string): ToolListRefused {
  return new ToolListRefused(`it has ${what}. Choose others with 'allowed_tools'`);
}

import type { CreateResponse } from '../../../contracts/responses/create-response.ts';
import type { Warning } from '../../../contracts/responses/response.ts';
import type { ResponseJob } from '../../../contracts/responses/response-job.ts';
import {
  isServerTool,
  type McpToolParam,
  type ServerToolParam,
  type ToolFilter,
  type ToolParam,
  type ToolSecrets,
  withoutSecrets,
} from '../../../contracts/responses/tool-param.ts';
import { invalidValue, ServiceError, unsupportedInput } from '../../../contracts/service/service-error.ts';
import type { Caller } from '../../caller.ts';
import type { GivenTool } from './offered-tools.ts';

/** A tool of a request that the service runs itself. */
export type GivenServerTool = { tool: ServerToolParam; param: string };

/** Why the service can't run a tool, without a full stop; undefined if it can, or if only a worker knows. */
export type ToolRefusal = (tool: ServerToolParam) => Promise<string | undefined>;

/** The name under which a model knows `code_interpreter` (`tools/python/code-interpreter.ts`). */
const pythonFunction = 'python';

/**
 * Those tools of a request that the service runs itself, each of them checked.
 * @throws ServiceError `insufficient_scope` for a key that may not run tools, `invalid_value` or `unsupported_input` naming the field
 */
export async function givenServerTools(
  given: readonly GivenTool[],
  { scopes }: Pick<Caller, 'scopes'>,
  refusal: ToolRefusal,
): Promise<{ tools: GivenServerTool[]; warnings: Warning[] }> {
  const all = given.flatMap(({ tool, param, added }) => (isServerTool(tool) ? [{ tool, param, added }] : []));
  // A tool that an item adds takes the place of one given before it.
  const isReplaced = (tool: ServerToolParam, index: number) =>
    all.slice(index + 1).some((later) => later.added && labelOf(later.tool) === labelOf(tool));
  const tools = all.filter(({ tool }, index) => !isReplaced(tool, index)).map(({ tool, param }) => ({ tool, param }));
  const warnings: Warning[] = [];
  const [first] = tools;
  if (first !== undefined && !scopes.tools) {
    throw new ServiceError({
      code: 'insufficient_scope',
      message: `The tool '${first.tool.type}' is run by this service; the key needs the scope tools:run for it.`,
      param: first.param,
    });
  }
  for (const [index, { tool, param }] of tools.entries()) {
    if (tools.slice(0, index).some((other) => labelOf(other.tool) === labelOf(tool))) {
      throw invalidValue(param, `'${labelOf(tool)}' is given twice`);
    }
    const twin = given.find((other) => 'name' in other.tool && other.tool.name === pythonFunction);
    if (tool.type === 'code_interpreter' && twin !== undefined) {
      throw invalidValue(`${twin.param}.name`, "this name belongs to the tool 'code_interpreter'");
    }
    warnings.push(...checkEntry(tool, param));
    const refused = await refusal(tool);
    if (refused !== undefined) throw unsupportedInput(param, refused);
  }
  return { tools, warnings };
}

function labelOf(tool: ServerToolParam): string {
  return tool.type === 'mcp' ? tool.server_label : tool.type;
}

function checkEntry(tool: ServerToolParam, param: string): Warning[] {
  if (tool.type === 'mcp') {
    if (tool.connector_id !== undefined)
      throw unsupportedInput(`${param}.connector_id`, 'this service has no connectors');
    if (tool.tunnel_id !== undefined) throw unsupportedInput(`${param}.tunnel_id`, 'this service has no tunnels');
    return [];
  }
  if (typeof tool.container === 'string') {
    throw unsupportedInput(`${param}.container`, 'containers end with their response; use {"type": "auto"}');
  }
  if (tool.container.file_ids !== undefined && tool.container.file_ids.length > 0) {
    throw unsupportedInput(`${param}.container.file_ids`, 'a container begins without files');
  }
  const field = `${param}.container.memory_limit`;
  return tool.container.memory_limit ? [{ field, message: 'Not applied: the operator sets the memory limit.' }] : [];
}

type ToolChoiceParam = CreateResponse['tool_choice'];

/**
 * The tools of the service that `tool_choice` leaves to the model, and the choice that remains for the client's tools. A model
 * can't be forced to call a tool of the service: it may answer instead, and a warning says so.
 * @throws ServiceError `invalid_value` naming the field, for the choice of a tool that the request does not have
 */
export function chosenServerTools(
  { tool_choice: choice }: Pick<CreateResponse, 'tool_choice'>,
  server: readonly GivenServerTool[],
): { tools: readonly GivenServerTool[]; choice: ToolChoiceParam; warnings: Warning[] } {
  if (choice === 'none') return { tools: [], choice, warnings: [] };
  if (choice === undefined || choice === null || choice === 'auto') return { tools: server, choice, warnings: [] };
  if (choice === 'required') {
    return server.length === 0
      ? { tools: [], choice, warnings: [] }
      : { tools: server, choice: 'auto', warnings: [unforced] };
  }
  if ('tools' in choice) {
    const named = choice.tools.flatMap((one, index) =>
      isServerToolChoice(one) ? namedTools(one, server, `tool_choice.tools[${index}]`) : [],
    );
    const isForced = choice.mode === 'required' && named.length > 0;
    return {
      tools: merged(named),
      choice: isForced ? { ...choice, mode: 'auto' } : choice,
      warnings: isForced ? [unforced] : [],
    };
  }
  // A function of the client must be called, or a tool that only other services have.
  if (!isServerToolChoice(choice)) return { tools: [], choice, warnings: [] };
  return {
    tools: namedTools(choice, server, 'tool_choice'),
    choice: { type: 'allowed_tools', mode: 'auto', tools: [] },
    warnings: [unforced],
  };
}

const unforced: Warning = {
  field: 'tool_choice',
  message: 'A model can’t be forced to call a tool that the service runs; it may answer instead.',
};

type NamedServerTool = { type: ServerToolParam['type']; server_label?: unknown; name?: unknown };

/** Whether an entry of `tool_choice` names a tool of the service. */
export function isServerToolChoice(named: Readonly<Record<string, unknown>>): named is NamedServerTool {
  return named['type'] === 'code_interpreter' || named['type'] === 'mcp';
}

function namedTools(
  { type, server_label: label, name }: NamedServerTool,
  server: readonly GivenServerTool[],
  field: string,
): GivenServerTool[] {
  const given = server.filter(({ tool }) => tool.type === type);
  if (given.length === 0) throw invalidValue(`${field}.type`, `the request has no tool '${type}'`);
  const found = given.find(({ tool }) => tool.type !== 'mcp' || tool.server_label === label);
  if (found === undefined) {
    const labels = given.map(({ tool }) => `'${labelOf(tool)}'`).join(', ');
    throw invalidValue(`${field}.server_label`, `expected one of ${labels}`);
  }
  if (found.tool.type !== 'mcp' || name === undefined || name === null) return [found];
  const filter = filterOf(found.tool);
  const isAllowed = typeof name === 'string' && name.length <= mostName && (filter.tool_names?.includes(name) ?? true);
  if (!isAllowed) throw invalidValue(`${field}.name`, `expected a tool that ${found.param}.allowed_tools has`);
  return [{ ...found, tool: { ...found.tool, allowed_tools: { ...filter, tool_names: [name] } } }];
}

/** As in `McpToolParam`. */
const mostName = 128;
const mostNames = 128;

function filterOf({ allowed_tools: allowed }: McpToolParam): ToolFilter {
  return Array.isArray(allowed) ? { tool_names: allowed } : (allowed ?? {});
}

/** One entry of each tool: it has all that a choice names of it. */
function merged(named: readonly GivenServerTool[]): GivenServerTool[] {
  const byLabel = new Map<string, GivenServerTool>();
  for (const one of named) {
    const other = byLabel.get(labelOf(one.tool));
    byLabel.set(labelOf(one.tool), other === undefined ? one : { ...one, tool: joined(other.tool, one.tool) });
  }
  return [...byLabel.values()];
}

function joined(first: ServerToolParam, second: ServerToolParam): ServerToolParam {
  if (first.type !== 'mcp' || second.type !== 'mcp') return first;
  const [names, more] = [filterOf(first).tool_names, filterOf(second).tool_names];
  // Without names a choice means all tools of the server.
  if (names === undefined || more === undefined) return names === undefined ? first : second;
  const all = [...new Set([...names, ...more])];
  if (all.length > mostNames)
    throw invalidValue('tool_choice.tools', `expected at most ${mostNames} names of one server`);
  return { ...first, allowed_tools: { ...filterOf(first), tool_names: all } };
}

/** As the job keeps them: what is secret can be read by the worker alone. */
export function sealedTools(
  tools: readonly GivenServerTool[],
  seal: (text: string) => string,
): NonNullable<ResponseJob['server_tools']> {
  return tools.map(({ tool }) => {
    const secrets = secretsOf(tool);
    return {
      tool: withoutSecrets(tool),
      ...(Object.keys(secrets).length === 0 ? {} : { sealed: seal(JSON.stringify(secrets)) }),
    };
  });
}

/** The request's tools as the job keeps them, without what is secret. */
export function withoutToolSecrets(tools: readonly ToolParam[]): ToolParam[] {
  return tools.map((tool) => (isServerTool(tool) ? withoutSecrets(tool) : tool));
}

function secretsOf(tool: ServerToolParam): ToolSecrets {
  if (tool.type !== 'mcp') return {};
  const { authorization, headers } = tool;
  return { ...(authorization === undefined ? {} : { authorization }), ...(headers ? { headers } : {}) };
}

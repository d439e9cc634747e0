import type { Warning } from '../../../contracts/responses/response.ts';
import type { ResponseJob } from '../../../contracts/responses/response-job.ts';
import {
  isServerTool,
  type ServerToolParam,
  type ToolParam,
  type ToolSecrets,
  withoutSecrets,
} from '../../../contracts/responses/tool-param.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
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
      throw invalid(param, `'${labelOf(tool)}' is given twice`);
    }
    const twin = given.find((other) => 'name' in other.tool && other.tool.name === pythonFunction);
    if (tool.type === 'code_interpreter' && twin !== undefined) {
      throw invalid(`${twin.param}.name`, "this name belongs to the tool 'code_interpreter'");
    }
    warnings.push(...checkEntry(tool, param));
    const refused = await refusal(tool);
    if (refused !== undefined) throw unsupported(param, refused);
  }
  return { tools, warnings };
}

function labelOf(tool: ServerToolParam): string {
  return tool.type === 'mcp' ? tool.server_label : tool.type;
}

function checkEntry(tool: ServerToolParam, param: string): Warning[] {
  if (tool.type === 'mcp') {
    if (tool.connector_id !== undefined) throw unsupported(`${param}.connector_id`, 'this service has no connectors');
    if (tool.tunnel_id !== undefined) throw unsupported(`${param}.tunnel_id`, 'this service has no tunnels');
    return [];
  }
  if (typeof tool.container === 'string') {
    throw unsupported(`${param}.container`, 'containers end with their response; use {"type": "auto"}');
  }
  if (tool.container.file_ids !== undefined && tool.container.file_ids.length > 0) {
    throw unsupported(`${param}.container.file_ids`, 'a container begins without files');
  }
  const field = `${param}.container.memory_limit`;
  return tool.container.memory_limit ? [{ field, message: 'Not applied: the operator sets the memory limit.' }] : [];
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

function invalid(param: string, expected: string): ServiceError {
  return new ServiceError({ code: 'invalid_value', message: `Invalid '${param}': ${expected}.`, param });
}

function unsupported(param: string, reason: string): ServiceError {
  return new ServiceError({ code: 'unsupported_input', message: `Invalid '${param}': ${reason}.`, param });
}

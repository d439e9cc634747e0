import type { Constraint } from '../../../contracts/responses/constraint.ts';
import type { CreateResponse } from '../../../contracts/responses/create-response.ts';
import { type FunctionTool, takesNothing } from '../../../contracts/responses/prompt.ts';
import type { Warning } from '../../../contracts/responses/response.ts';
import type { ToolCalls } from '../../../contracts/responses/response-job.ts';
import { isServerTool } from '../../../contracts/responses/tool-param.ts';
import type { ModelCard } from '../../../contracts/service/model-card.ts';
import { invalidValue, ServiceError } from '../../../contracts/service/service-error.ts';
import type { ApiDependencies } from '../../dependencies.ts';
import { fieldPath } from '../../validation-error.ts';
import type { Located } from './build-prompt.ts';
import { type GivenTool, type MissingTool, type OfferedTool, offeredTools } from './offered-tools.ts';
import { chosenServerTools, type GivenServerTool, isServerToolChoice } from './server-tools.ts';

/**
 * What `text.format` holds the answer to; undefined for free text.
 * @throws ServiceError `unsupported_constraint` naming `text.format`, or the part of the schema that can't be enforced
 */
export async function formatConstraint(
  request: Pick<CreateResponse, 'text'>,
  card: ModelCard,
  check: ApiDependencies['checkConstraints'],
): Promise<Constraint | undefined> {
  const format = request.text?.format;
  if (format === undefined || format.type === 'text') return undefined;
  const constraint: Constraint =
    format.type === 'json_schema' ? { type: 'json_schema', schema: format.schema } : { type: 'json_object' };
  if (!card.capabilities.constraints.includes(constraint.type)) {
    throw new ServiceError({
      code: 'unsupported_constraint',
      message: `Invalid 'text.format': '${card.id}' cannot constrain answers to a ${constraint.type}.`,
      param: 'text.format',
    });
  }
  const [fault] = (await check?.(card, [constraint])) ?? [];
  if (fault !== undefined) throw fault;
  return constraint;
}

type JsonObject = Record<string, unknown>;
type CheckConstraints = ApiDependencies['checkConstraints'];

type ToolPlan = {
  /** What the model is told of; absent: no tools. */
  tools?: FunctionTool[];
  calls?: ToolCalls;
  /** Those that the service runs itself. */
  server?: readonly GivenServerTool[];
  warnings: Warning[];
};

/** All tools of a request: its own, then those that items of its prompt add. */
export function givenTools({ tools }: Pick<CreateResponse, 'tools'>, items: readonly Located[]): GivenTool[] {
  const own = (tools ?? []).map((tool, index) => ({ tool, param: `tools[${index}]`, added: false }));
  const added = items.flatMap(({ item, path }) =>
    item.type === 'additional_tools'
      ? item.tools.map((tool, index) => ({ tool, param: fieldPath([...path, 'tools', index]), added: true }))
      : [],
  );
  return [...own, ...added];
}

/**
 * What `all` tools of a request, its `tool_choice` and `parallel_tool_calls` come to for a model. A tool that this service
 * doesn't have is warned of.
 * @throws ServiceError `invalid_value` for a choice of no given tool, or where a tool that isn't here must be called;
 * `unsupported_constraint` for a strict schema or a grammar that can't be enforced
 */
export async function planTools(
  request: CreateResponse,
  all: readonly GivenTool[],
  { card, check, server }: { card: ModelCard; check: CheckConstraints; server: readonly GivenServerTool[] },
): Promise<ToolPlan> {
  const { tools: given, missing, warnings } = offeredTools(all.filter(({ tool }) => !isServerTool(tool)));
  const named = chosenServerTools(request, server);
  const choosing = { ...request, tool_choice: named.choice };
  warnings.push(...named.warnings);
  const allowed = allowedTools(choosing, given, missing);
  const forced = isForced(choosing.tool_choice);
  warnings.push(...missing.map(missingTool));
  const ofServer = card.capabilities.tools && named.tools.length > 0 ? { server: named.tools } : {};
  if (given.length === 0) {
    if (named.tools.length === 0) return { warnings };
    if (!card.capabilities.tools) return { warnings: [...warnings, ...toolless(card, forced)] };
    return { ...ofServer, calls: { choice: 'auto', parallel: request.parallel_tool_calls ?? true }, warnings };
  }
  if (!card.capabilities.tools) return { warnings: [...warnings, ...toolless(card, forced)] };
  const asked = allowed.map(({ shown }) => ({ type: 'json_schema' as const, schema: shown.parameters ?? anyObject }));
  const faults = (await check?.(card, asked)) ?? [];
  const schemas = new Map(allowed.map((tool, index) => [tool.shown.name, argumentsSchema(tool, faults[index])]));
  const constrained = card.capabilities.constraints.includes('json_schema');
  if (!constrained) warnings.push(...allowed.filter(hasRegex).map(looseGrammar));
  const choice = forced ? 'required' : request.tool_choice === 'none' ? 'none' : 'auto';
  const called = calledOtherwise(given);
  return {
    ...ofServer,
    tools: (choice === 'none' ? given : allowed).map(({ shown }) => shown),
    calls: {
      choice,
      parallel: request.parallel_tool_calls ?? true,
      ...(constrained && allowed.length > 0
        ? { constraint: { type: 'json_schema', schema: callSchema(schemas) } }
        : {}),
      ...(Object.keys(called).length > 0 ? { called } : {}),
    },
    warnings:
      forced && !constrained
        ? [
            ...warnings,
            { field: 'tool_choice', message: 'This model cannot be forced to call a tool; it may answer instead.' },
          ]
        : warnings,
  };
}

function calledOtherwise(tools: readonly OfferedTool[]): NonNullable<ToolCalls['called']> {
  return Object.fromEntries(
    tools
      .filter(({ type, namespace }) => type === 'custom' || namespace !== undefined)
      .map(({ type, name, namespace, shown }) => [
        shown.name,
        { type, name, ...(namespace === undefined ? {} : { namespace }) },
      ]),
  );
}

function hasRegex({ type, shown }: OfferedTool): boolean {
  return type === 'custom' && shown.strict === true;
}

function looseGrammar({ param }: OfferedTool): Warning {
  return {
    field: `${param}.format`,
    message: 'This model cannot be constrained to a grammar; the tool input may not match it.',
  };
}

function missingTool({ type, param }: MissingTool): Warning {
  return { field: param, message: `This service has no tool '${type}'; it was ignored.` };
}

function isForced(choice: CreateResponse['tool_choice']): boolean {
  if (choice === 'required') return true;
  if (typeof choice !== 'object' || choice === null) return false;
  return 'mode' in choice ? choice.mode === 'required' : true;
}

/** Those that may be called. A choice names tools by type and name; one in a namespace goes by its own name. */
function allowedTools(
  { tool_choice: choice }: CreateResponse,
  given: readonly OfferedTool[],
  missing: readonly MissingTool[],
): OfferedTool[] {
  if (typeof choice === 'object' && choice !== null && 'mode' in choice) return amongAllowed(choice, given, missing);
  if (typeof choice === 'object' && choice !== null) {
    if (!('name' in choice)) throw invalidValue('tool_choice.type', `this service has no '${choice.type}'`);
    const named = given.filter((tool) => tool.type === choice.type && tool.name === choice.name);
    if (named.length === 0) throw unknownTool('tool_choice.name', given);
    return named;
  }
  if (choice === 'required' && given.length === 0) {
    const [lacking] = missing;
    if (lacking === undefined) throw invalidValue('tool_choice', 'expected tools to choose from');
    throw invalidValue(`${lacking.param}.type`, `a tool must be called, but this service has no '${lacking.type}'`);
  }
  return [...given];
}

function amongAllowed(
  { mode, tools }: Extract<NonNullable<CreateResponse['tool_choice']>, { type: 'allowed_tools' }>,
  given: readonly OfferedTool[],
  missing: readonly MissingTool[],
): OfferedTool[] {
  const isMissing = (tool: JsonObject) =>
    tool['name'] === undefined && missing.some(({ type }) => type === tool['type']);
  const isNamed = (tool: OfferedTool, named: JsonObject) =>
    tool.name === named['name'] && (named['type'] === undefined || named['type'] === tool.type);
  for (const [index, named] of tools.entries()) {
    const field = `tool_choice.tools[${index}]`;
    if (isServerToolChoice(named)) continue;
    if (isMissing(named)) {
      if (mode === 'required') throw invalidValue(`${field}.type`, `this service has no '${String(named['type'])}'`);
    } else if (!given.some((tool) => isNamed(tool, named))) {
      throw unknownTool(`${field}.name`, given);
    }
  }
  if (mode === 'required' && given.length === 0) throw invalidValue('tool_choice', 'expected tools to choose from');
  return given.filter((tool) => tools.some((named) => isNamed(tool, named)));
}

function unknownTool(field: string, given: readonly OfferedTool[]): ServiceError {
  return invalidValue(field, `expected one of ${given.map(({ name }) => `'${name}'`).join(', ') || 'the given tools'}`);
}

/** The arguments' schema as far as it can be enforced; a strict one whole, or the request is refused. */
function argumentsSchema({ type, shown, param: at }: OfferedTool, fault: ServiceError | undefined): JsonObject {
  if (fault === undefined) {
    const { parameters = anyObject } = shown;
    return takesNothing(parameters) ? { ...parameters, additionalProperties: false } : parameters;
  }
  if (shown.strict !== true) return anyObject;
  const place = (fault.param ?? '').replace(/^text\.format\.schema/, '');
  const param = type === 'custom' ? `${at}.format.definition` : `${at}.parameters${place}`;
  const message = `${param}: ${fault.message.replace(/^\S+: /, '')}`;
  throw new ServiceError({ code: 'unsupported_constraint', message, param });
}

const anyObject: JsonObject = { type: 'object' };

/** A call as JSON text, `{"name": …, "arguments": …}`, of any of these tools. */
function callSchema(schemas: ReadonlyMap<string, JsonObject>): JsonObject {
  const calls = [...schemas].map(([name, schema], index) => {
    const place = schemas.size === 1 ? '#/properties/arguments' : `#/anyOf/${index}/properties/arguments`;
    return {
      type: 'object',
      properties: { name: { const: name }, arguments: relocated(schema, place) },
      required: ['name', 'arguments'],
      additionalProperties: false,
    };
  });
  const [only] = calls;
  return calls.length === 1 && only ? only : { anyOf: calls };
}

/** A schema within another document: what it refers to in itself has moved along. */
function relocated(schema: JsonObject, place: string): JsonObject {
  const { $id: _id, $schema: _dialect, ...rest } = schema;
  return JSON.parse(JSON.stringify(rest), (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' && value.startsWith('#') ? `${place}${value.slice(1)}` : value,
  );
}

function toolless(card: ModelCard, forced: boolean): Warning[] {
  const tools = { field: 'tools', message: `'${card.id}' does not support tools; they were ignored.` };
  return forced ? [tools, { field: 'tool_choice', message: 'No tool is called.' }] : [tools];
}

import { z } from 'zod';
import { CreateResponse } from '../../contracts/responses/create-response.ts';
import { InputItem } from '../../contracts/responses/input-item.ts';
import { OutputItem } from '../../contracts/responses/output-item.ts';
import { Response } from '../../contracts/responses/response.ts';
import { ResponseEvent } from '../../contracts/responses/response-event.ts';
import { TraceStep, TraceStreamEvent } from '../../contracts/responses/trace.ts';
import { ErrorEnvelope } from '../../contracts/service/error-envelope.ts';
import { ModelList, ModelObject, ResponseList } from '../../contracts/service/listings.ts';
import { errorCodes } from '../../contracts/service/service-error.ts';
import type { Operation } from './describe-routes.ts';

type Json = Record<string, unknown>;

/** Schemas that get a name of their own; all others stand where they are used. */
const named = {
  input: { CreateResponse, InputItem },
  output: {
    Response,
    OutputItem,
    ResponseEvent,
    ResponseList,
    ErrorEnvelope,
    ModelObject,
    ModelList,
    TraceStep,
    TraceStreamEvent,
  },
};

const everywhere = [400, 401, 403, 500, 503];

/** OpenAPI 3.1, made of the very schemas that requests are parsed with (zod's own JSON Schema, so no library between). */
export function createOpenApiDocument(operations: readonly Operation[]): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation, operations) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Thinkfirst',
      version: '0.1.0',
      description: 'Think first or answer fast, with a budget: OpenAI’s Responses API with extensions.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    // Keys are off until one is made.
    security: [{}, { bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      schemas: { ...componentSchemas('input'), ...componentSchemas('output') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
    },
  };
}

function componentSchemas(io: 'input' | 'output'): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named[io])) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri: (id) => `#/components/schemas/${id}`,
    unrepresentable: 'any',
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutIds(schema)]));
}

/** What can be done next with what was made: its id is theirs. */
function linksOf({ method, path }: Operation, operations: readonly Operation[]): Json {
  if (method !== 'post' || path.includes('{')) return {};
  const next = operations.filter((other) => other.path === `${path}/{id}` || other.path.startsWith(`${path}/{id}/`));
  const links = next.map(({ operationId }) => [operationId, { operationId, parameters: { id: '$response.body#/id' } }]);
  return links.length > 0 ? { links: Object.fromEntries(links) } : {};
}

function describe(operation: Operation, operations: readonly Operation[]): Json {
  const parameters = [...pathParameters(operation.path), ...queryParameters(operation.query)];
  return {
    operationId: operation.operationId,
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(operation.body ? { requestBody: { required: true, content: bodyOf(operation.body, operation.bodyType) } } : {}),
    responses: {
      200: { ...success(operation), ...linksOf(operation, operations) },
      ...failures(operation),
      ...others(operation),
    },
  };
}

function success({ answer, event, mediaType, otherTypes = [], lineType }: Operation): Json {
  const others = Object.fromEntries(otherTypes.map((type) => [type, { schema: { type: 'string' } }]));
  if (mediaType !== undefined) {
    const lines = { schema: { type: 'string' }, 'x-line': reference(answer, 'output') };
    return { description: 'OK', content: { [mediaType]: lines, ...others } };
  }
  const stream = event ? { 'text/event-stream': { schema: eventSchema(event) } } : {};
  const lines = lineType ? { [lineType]: { schema: { type: 'string' }, 'x-line': reference(answer, 'output') } } : {};
  return { description: 'OK', content: { ...json(reference(answer, 'output')), ...stream, ...lines, ...others } };
}

/** One event of a stream; OpenAPI 3.1 has no other way to say what a stream holds. */
function eventSchema(event: z.ZodType): Json {
  const data = { type: 'string', contentMediaType: 'application/json', contentSchema: reference(event, 'output') };
  const text = { type: 'string' };
  return {
    oneOf: [
      { type: 'object', properties: { data, event: text, id: text }, required: ['data', 'event'] },
      { type: 'object', properties: { data: { const: '[DONE]' } }, required: ['data'] },
    ],
  };
}

function failures({ method, errors, error = ErrorEnvelope }: Operation): Json {
  // A key may have a rate of requests, which counts what is sent.
  const rate = method === 'post' ? [429] : [];
  const statuses = [...new Set([...errors, ...rate, ...everywhere])].sort((one, other) => one - other);
  return Object.fromEntries(
    statuses.map((status) => {
      const codes = Object.entries(errorCodes).filter(([, code]) => code.status === status);
      const description = `One of: ${codes.map(([code]) => code).join(', ')}`;
      return [status, { description, content: json(reference(error, 'output')) }];
    }),
  );
}

function others({ others = {} }: Operation): Json {
  return Object.fromEntries(
    Object.entries(others).map(([status, { description, schema }]) => [
      status,
      { description, content: json(reference(schema, 'output')) },
    ]),
  );
}

function pathParameters(path: string): Json[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  return names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
}

function queryParameters(query: z.ZodObject | undefined): Json[] {
  const properties = query ? inline(query, 'output')['properties'] : undefined;
  return Object.entries(properties ?? {}).map(([name, schema]) => {
    // `name[key]=value`, as OpenAI's clients write pairs.
    const pairs = schema.type === 'object' ? { style: 'deepObject', explode: true } : {};
    return { name, in: 'query', required: false, ...pairs, schema };
  });
}

/** A pointer to the named schema, or the schema itself. */
function reference(schema: z.ZodType, io: 'input' | 'output'): Json {
  const name = Object.entries(named[io]).find(([, candidate]) => candidate === schema)?.[0];
  return name ? { $ref: `#/components/schemas/${name}` } : inline(schema, io);
}

function inline(schema: z.ZodType, io: 'input' | 'output'): Json {
  return withoutIds(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
}

function bodyOf(body: z.ZodType, type = 'application/json'): Json {
  return { [type]: { schema: reference(body, 'input') } };
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}

/** OpenAPI names the dialect for the whole document, and places components by their key. */
function withoutIds(schema: z.core.JSONSchema.JSONSchema): Json {
  const { $schema: _dialect, $id: _id, id: _name, ...rest } = schema;
  return rest;
}

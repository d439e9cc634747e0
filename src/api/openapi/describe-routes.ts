import type { Context, Hono, MiddlewareHandler } from 'hono';
import { findTargetHandler } from 'hono/utils/handler';
import type { z } from 'zod';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { ApiEnvironment } from '../dependencies.ts';

/** What the OpenAPI document says about a route, besides its method and path, which the router knows. */
type RouteDescription = {
  summary: string;
  description?: string;
  /** The scope that a key needs for this route. Added to the summary, and checked before the handler runs. */
  scope?: 'admin' | 'feedback';
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Media type of `body`, where it is not JSON. */
  bodyType?: string;
  /** Body of status 200. */
  answer: z.ZodType;
  /** `data` of the events where the route can stream. */
  event?: z.ZodType;
  /** Media type of status 200, where it is not JSON: then `answer` is one line of it. */
  mediaType?: string;
  /** Further media types of status 200, whose body is text or bytes. */
  otherTypes?: readonly string[];
  /** Media type where the route can stream JSON lines, each an `answer`. */
  lineType?: string;
  /** Body of its errors, where it is not the contract's envelope. */
  error?: z.ZodType;
  /** Statuses of the error envelope, beside those that every route can give. */
  errors: readonly number[];
  /** Statuses other than 200 that carry a body of their own. */
  others?: Readonly<Record<number, { description: string; schema: z.ZodType }>>;
};

/** One route of the document; its path in OpenAPI's form. */
export type Operation = RouteDescription & { operationId: string; method: string; path: string };

const descriptions = new WeakMap<object, RouteDescription & { operationId: string }>();

/**
 * Handlers by operation id that carry a description and check its scope: `routes.get('/:id', described.retrieveFile, …)`.
 * The document is read from the router, so it has the routes that are mounted, with the paths they are mounted at.
 */
export function describeRoutes<Id extends string>(
  routes: Readonly<Record<Id, RouteDescription>>,
): Record<Id, MiddlewareHandler<ApiEnvironment>> {
  const handlers: Partial<Record<string, MiddlewareHandler<ApiEnvironment>>> = {};
  for (const [operationId, description] of Object.entries<RouteDescription>(routes)) {
    const { scope, summary } = description;
    const handler: MiddlewareHandler<ApiEnvironment> = async (c, next) => {
      if (scope !== undefined) requireScope(c, scope);
      await next();
    };
    const shown = scope === undefined ? summary : `${summary}; scope \`${scope}\``;
    descriptions.set(handler, { operationId, ...description, summary: shown });
    handlers[operationId] = handler;
  }
  return handlers as Record<Id, MiddlewareHandler<ApiEnvironment>>;
}

function requireScope(c: Context<ApiEnvironment>, scope: 'admin' | 'feedback'): void {
  if (c.get('caller').scopes[scope]) return;
  throw new ServiceError({ code: 'insufficient_scope', message: `This key lacks the scope '${scope}'.` });
}

/** The described routes of an app, in the order in which they were added. */
export function operationsOf({ routes }: Pick<Hono, 'routes'>): Operation[] {
  return routes.flatMap(({ method, path, handler }) => {
    // A group of routes with an `onError` of its own wraps its handlers.
    const description = descriptions.get(findTargetHandler(handler));
    if (description === undefined) return [];
    return [{ ...description, method: method.toLowerCase(), path: path.replace(/:(\w+)(?:\{[^}]*\})?/g, '{$1}') }];
  });
}

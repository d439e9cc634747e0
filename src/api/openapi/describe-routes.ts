import type { Hono, MiddlewareHandler } from 'hono';
import { findTargetHandler } from 'hono/utils/handler';
import type { z } from 'zod';

/** What the OpenAPI document says of a route beside its method and path, which the router knows. */
type RouteDescription = {
  summary: string;
  description?: string;
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
 * Handlers that do nothing but carry a description, by operation id: `routes.get('/:id', described.retrieveFile, …)`.
 * The document is read off the router, so it has the routes that are mounted, under the paths they are mounted at.
 */
export function describeRoutes<Id extends string>(
  routes: Readonly<Record<Id, RouteDescription>>,
): Record<Id, MiddlewareHandler> {
  const handlers: Partial<Record<string, MiddlewareHandler>> = {};
  for (const [operationId, description] of Object.entries<RouteDescription>(routes)) {
    const handler: MiddlewareHandler = (_c, next) => next();
    descriptions.set(handler, { operationId, ...description });
    handlers[operationId] = handler;
  }
  return handlers as Record<Id, MiddlewareHandler>;
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

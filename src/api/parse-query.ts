import type { HonoRequest } from 'hono';
import type { z } from 'zod';
import { ServiceError } from '../contracts/service/service-error.ts';
import { parseBody } from './validation-error.ts';

/** @throws ServiceError `invalid_value` naming the query parameter */
export function parseQuery<T extends z.ZodType>(schema: T, request: HonoRequest): z.output<T> {
  return parseBody(schema, request.query());
}

/** The pairs of `name[key]=value` in a query; undefined where there are none. */
export function queryPairs(request: HonoRequest, name: string): Record<string, string> | undefined {
  const pairs = Object.entries(request.query()).flatMap(([field, value]): [string, string][] =>
    field.startsWith(`${name}[`) && field.endsWith(']') ? [[field.slice(name.length + 1, -1), value]] : [],
  );
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined;
}

/**
 * Where a stream goes on: `starting_after`, or `Last-Event-ID`, which a browser that reconnects sends along with the
 * older URL; the later one holds.
 */
export function resumeAfter(request: HonoRequest, startingAfter: number | undefined): number | undefined {
  const header = request.header('last-event-id');
  if (header === undefined) return startingAfter;
  if (!/^\d{1,15}$/.test(header)) {
    const param = 'Last-Event-ID';
    throw new ServiceError({ code: 'invalid_value', message: `Invalid '${param}': expected a whole number.`, param });
  }
  return Math.max(Number(header), startingAfter ?? -1);
}

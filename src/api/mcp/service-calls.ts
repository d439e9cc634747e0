import type { z } from 'zod';

/** The service's own HTTP API, asked with the rights of an MCP client. */
export type ServiceCalls = {
  /**
   * One JSON answer, parsed. `callId`: the MCP request that creates a response, which can then be cancelled by it.
   * @throws CallRefused
   */
  call<Shape extends z.ZodType>(
    shape: Shape,
    path: string,
    request?: { method?: 'POST'; body?: unknown; callId?: string | number },
  ): Promise<z.output<Shape>>;
};

/** Answers one HTTP request of an MCP client. `body`: parsed, of a POST. */
export type McpEndpoint = (request: Request, given: { body?: unknown; service: ServiceCalls }) => Promise<Response>;

/** The service refused a call, or can't be reached. Its message is written for the client. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';
}

import { answerAtEdge } from './edge/answer-at-edge.ts';
import { EdgeVariables } from './edge/edge-variables.ts';

/** What workerd passes to a handler with the request. */
type EdgeContext = { waitUntil(work: Promise<unknown>): void };

/**
 * The API as a Cloudflare Worker, over a Redis whose workers run elsewhere. It accepts, streams, polls and cancels; it
 * has no model. Configured in wrangler.toml; docs/scaling.md lists the differences from `npm run serve`.
 */
export default {
  async fetch(request: Request, variables: unknown, context: EdgeContext): Promise<Response> {
    const parsed = EdgeVariables.safeParse(variables);
    if (parsed.success) return answerAtEdge(request, parsed.data, (work) => context.waitUntil(work));
    console.error(JSON.stringify({ level: 50, msg: 'a variable of the edge is invalid', issues: parsed.error.issues }));
    const error = { message: 'This edge is not configured.', type: 'server_error', code: 'server_error', param: null };
    return Response.json({ error }, { status: 500 });
  },
};

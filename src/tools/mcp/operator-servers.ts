import { z } from 'zod';
import { ServiceError } from '../../contracts/service/service-error.ts';

const Text = z.string().max(8_192);
const timeoutSeconds = z.number().positive().max(3_600).optional();

const HttpServer = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'expected an http or https address' }),
  headers: z.record(z.string(), Text).default({}),
  timeoutSeconds,
});
const StdioServer = z.strictObject({
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), Text).default({}),
  cwd: z.string().min(1).optional(),
  timeoutSeconds,
});

/** `mcpServers` of `thinkfirst.config.json`, by label. The names of the fields are those of other programs' MCP configuration. */
const McpServers = z.record(
  z.string().regex(/^[A-Za-z][\w-]{0,31}$/, 'expected a label of up to 32 letters, digits, _ and -'),
  z.union([HttpServer, StdioServer], { error: 'expected {"url": "http…"} or {"command": "…", "args": […]}' }),
);

export type OperatorServer = z.infer<typeof HttpServer> | z.infer<typeof StdioServer>;
export type OperatorServers = ReadonlyMap<string, OperatorServer>;

/**
 * The operator's MCP servers of a parsed `thinkfirst.config.json`; none where it names none. `${NAME}` in `headers` and `env` is the
 * value of that environment variable, so that tokens need not stand in the file.
 * @throws ServiceError `invalid_value`, one line that names the entry and what was expected
 */
export function parseOperatorServers(
  config: unknown,
  lookUp: (variable: string) => string | undefined,
): OperatorServers {
  const { mcpServers } = z.looseObject({ mcpServers: z.unknown() }).catch({ mcpServers: undefined }).parse(config);
  if (mcpServers === undefined) return new Map();
  const parsed = McpServers.safeParse(mcpServers);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw fault(['mcpServers', ...(issue?.path ?? [])].join('.'), issue?.message ?? 'expected an object');
  }
  return new Map(
    Object.entries(parsed.data).map(([label, server]) => {
      const filled = (field: string, values: Record<string, string>) =>
        Object.fromEntries(
          Object.entries(values).map(([name, value]) => [name, fill(value, `mcpServers.${label}.${field}.${name}`)]),
        );
      return [
        label,
        'url' in server
          ? { ...server, headers: filled('headers', server.headers) }
          : { ...server, env: filled('env', server.env) },
      ];
    }),
  );

  function fill(text: string, place: string): string {
    return text.replaceAll(/\$\{(\w+)\}/g, (_all, name: string) => {
      const value = lookUp(name);
      if (!value) throw fault(place, `the variable ${name} is not set`);
      return value;
    });
  }
}

function fault(place: string, message: string): ServiceError {
  const param = place.slice(0, 200);
  return new ServiceError({ code: 'invalid_value', param, message: `thinkfirst.config.json: ${param}: ${message}.` });
}

import { z } from 'zod';
import { Effort } from '../contracts/responses/reasoning.ts';
import { nearestName } from '../core/nearest-name.ts';
import { StartError } from './run-entry.ts';

const flag = z
  .enum(['0', '1', 'true', 'false'])
  .default('0')
  .transform((text) => text === '1' || text === 'true');

function whole(minimum: number, maximum: number) {
  const expected = `expected a whole number from ${minimum} to ${maximum}`;
  return z.coerce.number(expected).int(expected).min(minimum, expected).max(maximum, expected);
}

/** What stands in them is not shown: a secret, or an address that may hold a password. */
const secrets = [
  'REDIS_URL',
  'REDIS_CLUSTER',
  'THINKFIRST_SECRET',
  'THINKFIRST_WEBHOOK_SECRET',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'HF_TOKEN',
];

/** Every variable that the service reads; `.env.example` lists the same ones, a test compares the two. */
export const Environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: whole(0, 65_535).default(8080),
  /** Redis mode; absent: everything in one process, on PGlite. */
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
    .optional(),
  /** Nodes of a Redis Cluster instead, with commas between; they tell of the others. */
  REDIS_CLUSTER: z
    .string()
    .regex(
      /^\s*rediss?:\/\/[^,]+(,\s*rediss?:\/\/[^,]+)*\s*$/,
      'must be a comma-separated list of redis:// or rediss:// addresses',
    )
    .optional(),
  /** Before every key; in a cluster between braces, so that all keys are in one slot. */
  REDIS_PREFIX: z.string().min(1).default('thinkfirst'),
  /** Local folders, hub names or ids of thinkfirst.config.json, comma-separated; the first is the default model. */
  THINKFIRST_MODELS: z.string().min(1).optional(),
  /** The hub that models named `organisation/name` are fetched from, and a key for private ones. */
  HF_ENDPOINT: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).default('https://huggingface.co'),
  HF_TOKEN: z.string().min(1).optional(),
  /** Where they are kept; default: ~/.cache/thinkfirst/hub. */
  THINKFIRST_HUB_CACHE: z.string().min(1).optional(),
  /** Where the embedded store lives. */
  THINKFIRST_DATA: z.string().min(1).default('data'),
  /** Seals thoughts that clients carry, and names idempotent requests; the same in all processes. Absent: made at the first start. */
  THINKFIRST_SECRET: z.string().min(16, 'must have at least 16 characters').optional(),
  THINKFIRST_DEFAULT_EFFORT: Effort.default('medium'),
  /** Bytes. */
  THINKFIRST_BODY_LIMIT: whole(1_024, 1_073_741_824).default(1_048_576),
  /** Responses that one worker runs at a time. */
  THINKFIRST_CONCURRENCY: whole(1, 256).default(8),
  /** Threads of the inference process; default: the machine's cores, 4 at most. */
  THINKFIRST_THREADS: whole(1, 256).optional(),
  /** Cap of the KV cache, in megabytes. */
  THINKFIRST_KV_MB: whole(16, 1_048_576).default(256),
  /** Bits of a number in it, 8 or 32; a model that can't have 8 gets 32 and a warning. */
  THINKFIRST_KV_BITS: z
    .enum(['8', '32'])
    .default('8')
    .transform((bits) => (bits === '8' ? 8 : 32)),
  /** `off`: GGUF models don't use the graphics card. */
  THINKFIRST_GPU: z.enum(['auto', 'off']).default('auto'),
  /** Responses of a model that may wait at one service tier (flex: a hundred times as many); more get 429. One key may hold a quarter. */
  THINKFIRST_QUEUE_LIMIT: whole(1, 1_000_000).default(1_000),
  /** Signs all webhooks; absent: each key has a secret of its own. */
  THINKFIRST_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ followed by at least 24 bytes in base64')
    .optional(),
  THINKFIRST_RETENTION_DAYS: z.coerce.number().positive().max(36_500).default(30),
  /** 1: cancel a response when its waiting or streaming client disconnects. */
  THINKFIRST_CANCEL_ON_DISCONNECT: flag.default(true),
  /** 1: listen beyond loopback although no key was made. */
  THINKFIRST_OPEN: flag,
  /** Host names that the Host header may carry beside the loopback names, comma-separated; `*` takes any. */
  THINKFIRST_ALLOWED_HOSTS: z.string().default(''),
  /** Sites whose pages may call from a browser, comma-separated (`https://app.example.org`); `*` any; none by default. */
  THINKFIRST_CORS_ORIGINS: z.string().default(''),
  /** 1: allow private addresses in callers' check and webhook URLs. */
  THINKFIRST_PRIVATE_CALLBACKS: flag,
  /** Limits of one call of `code_interpreter`: seconds by the clock, megabytes of its process, kilobytes of output. */
  THINKFIRST_PYTHON_SECONDS: whole(1, 3_600).default(10),
  THINKFIRST_PYTHON_MB: whole(256, 65_536).default(512),
  THINKFIRST_PYTHON_OUTPUT_KB: whole(1, 64).default(64),
  /** Python processes of one worker that live at a time, one for each chain that calls; further chains wait. */
  THINKFIRST_PYTHON_PROCESSES: whole(1, 256).default(16),
  /** Where `/metrics` is served without keys, beside the API's own; a worker has no other. Absent: nowhere. */
  METRICS_PORT: whole(0, 65_535).optional(),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  /** A collector of traces (OTLP over HTTP, `http://127.0.0.1:4318`); absent: none are made. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
  /** Share of the traces that begin here, 0 to 1. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  THINKFIRST_LOG_LEVEL: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
});
export type Environment = z.infer<typeof Environment>;

/**
 * Reads the environment once. An empty variable counts as absent.
 * @throws StartError naming each bad variable and what was expected
 */
export function parseEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const present = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  // What asks only whether there is a Redis finds one.
  const [node] = present['REDIS_CLUSTER']?.split(',') ?? [];
  if (node !== undefined) present['REDIS_URL'] = node.trim();
  const parsed = Environment.safeParse(present);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    return `${name}: ${faultText(message, secrets.includes(name) ? undefined : present[name])}`;
  });
  throw new StartError(
    `The environment has ${faults.length === 1 ? 'a bad variable' : 'bad variables'}: ${faults.join('; ')}.`,
  );
}

/** What is wrong with one variable's value; undefined where nothing is. */
export function variableFault(name: keyof typeof Environment.shape, value: string): string | undefined {
  const parsed = Environment.shape[name].safeParse(value);
  return parsed.success ? undefined : faultText(parsed.error.issues[0]?.message ?? 'not valid');
}

function faultText(message: string, value?: string): string {
  const expected = message.replace(/^Invalid (option|input): /, '');
  return value === undefined ? expected : `${expected}, not "${value}"`;
}

/** The values of a variable that holds several, comma-separated. */
export function listed(value: string): string[] {
  return value
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** Read by the command line, compose.yaml and bench/; a test looks for more. */
const elsewhere = ['THINKFIRST_URL', 'THINKFIRST_KEY', 'THINKFIRST_CONFIG', 'THINKFIRST_BENCH_GGUF'];
const known: readonly string[] = [...Object.keys(Environment.shape), ...elsewhere];
const prefix = 'THINKFIRST_';

/** A variable that nothing reads, and the one that may have been meant. */
export type UnknownVariable = { name: string; meant: string | undefined };

/** Variables that begin like ours and that nothing reads: mostly a slip. */
export function unknownVariables(variables: Readonly<Record<string, string | undefined>>): UnknownVariable[] {
  return Object.entries(variables).flatMap(([name, value = '']) =>
    !name.startsWith(prefix) || known.includes(name) || isOfSomethingElse(name, value)
      ? []
      : [{ name, meant: meantBy(name) }],
  );
}

/** In one line. */
export function unknownText({ name, meant }: UnknownVariable): string {
  return `${name} is not known.${meant === undefined ? '' : ` Did you mean ${meant}?`}`;
}

/** A model's key, as an entry names it; or what Kubernetes sets in each container for a service of the name `thinkfirst…`. */
function isOfSomethingElse(name: string, value: string): boolean {
  return (
    name.endsWith('_API_KEY') ||
    /_SERVICE_(HOST|PORT(_\w+)?)$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/.test(name) ||
    /^(tcp|udp|sctp):\/\//.test(value)
  );
}

/** Compared without the prefix, which makes any two alike, and which PORT and some others don't have. */
function meantBy(name: string): string | undefined {
  const bare = (one: string) => (one.startsWith(prefix) ? one.slice(prefix.length) : one);
  const meant = nearestName(bare(name), known.map(bare));
  return known.find((one) => bare(one) === meant);
}

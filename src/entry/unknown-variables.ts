import { nearestName } from '../core/nearest-name.ts';
import { Environment } from './environment.ts';

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

import type { Facets } from './schema-facets.ts';
import { canonical, facetsOf } from './schema-facets.ts';
import type { TypeName } from './schema-keywords.ts';
import type { Located, SchemaReader } from './schema-reader.ts';

const MAX_DEPTH = 4;

/** True where it is plain that no value fulfils both: other types, other constants, or a required member that tells them apart. */
export function disjoint(reader: SchemaReader, left: Located, right: Located, depth = 0): boolean {
  const [one, other] = [facetsOf(reader, [left]), facetsOf(reader, [right])];
  if (one.impossible || other.impossible) return true;
  const shared = [...kinds(one)].filter((kind) => kinds(other).has(kind));
  if (shared.length === 0) return true;
  if (one.values && other.values) {
    const values = new Set(one.values.map(canonical));
    return !other.values.some((value) => values.has(canonical(value)));
  }
  if (shared.length !== 1) return false;
  if (shared[0] === 'number') return apart(one, other) || apart(other, one);
  return shared[0] === 'object' && depth < MAX_DEPTH && toldApart(reader, one, other, depth);
}

/** Types by name, integers being numbers; what a schema doesn't forbid counts. */
function kinds(facets: Facets): Set<TypeName> {
  if (facets.values)
    return new Set(
      facets.values.map((value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : primitive(value))),
    );
  if (!facets.typed) return new Set(['null', 'boolean', 'number', 'string', 'object', 'array']);
  return new Set([...facets.types].map((type) => (type === 'integer' ? 'number' : type)));
}

function primitive(value: unknown): TypeName {
  const type = typeof value;
  return type === 'boolean' || type === 'number' || type === 'string' ? type : 'object';
}

function apart({ most }: Facets, { least }: Facets): boolean {
  if (!most || !least) return false;
  return most.value < least.value || (most.value === least.value && (most.exclusive || least.exclusive));
}

function toldApart(reader: SchemaReader, one: Facets, other: Facets, depth: number): boolean {
  const required = [one, other].flatMap(({ objects }) => objects.flatMap(({ keywords }) => keywords.required ?? []));
  return required.some((name) => {
    const [mine, theirs] = [memberOf(one, name), memberOf(other, name)];
    if (mine.length === 0 || theirs.length === 0) return false;
    return mine.some((left) => theirs.some((right) => disjoint(reader, left, right, depth + 1)));
  });
}

/** What the schemas say of that member: it must hold where the member is there. */
function memberOf({ objects }: Facets, name: string): Located[] {
  return objects.flatMap(({ keywords, path }): Located[] => {
    const own = keywords.properties && Object.hasOwn(keywords.properties, name) ? keywords.properties[name] : undefined;
    if (own !== undefined) return [{ schema: own, path: `${path}.properties.${name}` }];
    if (keywords.additionalProperties !== false || keywords.patternProperties) return [];
    return [{ schema: false, path: `${path}.additionalProperties` }];
  });
}

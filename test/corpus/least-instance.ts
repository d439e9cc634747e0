type Schema = { readonly [keyword: string]: unknown };

/** `$ref`s are looked up in the document that the schema is of. */
export type SchemaSource = { readonly components?: unknown };

/**
 * The smallest value that a JSON schema allows: required properties only, the first of several alternatives, the shortest
 * array, the least number. `given` stands for properties of that name wherever a schema has them, required or not.
 */
export function leastInstance(
  schema: unknown,
  { document = {}, given = {} }: { document?: SchemaSource; given?: Readonly<Record<string, unknown>> } = {},
): unknown {
  return instance(schema);

  function instance(of: unknown): unknown {
    const at = resolved(of, document);
    if ('const' in at) return at['const'];
    if (Array.isArray(at['enum'])) return at['enum'][0];
    const alternatives = at['anyOf'] ?? at['oneOf'];
    if (Array.isArray(alternatives)) {
      return instance(alternatives.find((one) => resolved(one, document)['type'] !== 'null'));
    }
    const type = Array.isArray(at['type']) ? at['type'][0] : at['type'];
    if (type === 'object') return object(at);
    if (type === 'array') return Array.from({ length: countOf(at['minItems'], 0) }, () => instance(at['items']));
    if (type === 'integer' || type === 'number') return least(at);
    if (type === 'boolean') return false;
    if (type === 'null') return null;
    if (at['format'] === 'uri') return 'https://example.org/';
    return 'a'.repeat(countOf(at['minLength'], 1));
  }

  function object(at: Schema): Record<string, unknown> {
    const required = Array.isArray(at['required']) ? at['required'] : [];
    const names = Object.entries(propertiesOf(at, document)).filter(
      ([name]) => required.includes(name) || name in given,
    );
    return Object.fromEntries(names.map(([name, of]) => [name, name in given ? given[name] : instance(of)]));
  }
}

/** The properties that an object's schema names. */
export function propertiesOf(schema: unknown, document: SchemaSource): Schema {
  return schemaOf(resolved(schema, document)['properties']);
}

function resolved(schema: unknown, document: SchemaSource): Schema {
  const at = schemaOf(schema);
  const pointer = at['$ref'];
  if (typeof pointer !== 'string') return at;
  const steps = pointer.replace(/^#\//, '').split('/');
  return resolved(
    steps.reduce<unknown>((from, step) => schemaOf(from)[step], document),
    document,
  );
}

function schemaOf(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function countOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function least(at: Schema): number {
  if (typeof at['exclusiveMinimum'] === 'number') return at['exclusiveMinimum'] + 1;
  const minimum = countOf(at['minimum'], 0);
  return Math.max(minimum, 0);
}

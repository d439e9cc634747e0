import type { Arena, Expression } from './expression.ts';
import { jsonNumber, type NumberRange } from './json-number.ts';
import { anyJsonCharacter, anyStringContent, jsonText, quoted } from './json-text.ts';
import { arrayLanguage, objectLanguage } from './object-language.ts';
import { patternLanguage } from './regex-language.ts';
import { canonical, type Facets, facetsOf, together } from './schema-facets.ts';
import { createSchemaReader, type Located, type SchemaReader, type TypeName } from './schema-reader.ts';
import { unsupported } from './unsupported.ts';
import { literal, literals } from './utf8.ts';

const MAX_DEPTH = 4;

/**
 * True if obviously no value satisfies both: because of different types, different constants, or a required member that
 * differs.
 */
function disjoint(reader: SchemaReader, left: Located, right: Located, depth = 0): boolean {
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

/** Types by name, with integers as numbers; everything that a schema does not exclude. */
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

/** What the schemas say about this member: it must be satisfied if the member exists. */
function memberOf({ objects }: Facets, name: string): Located[] {
  return objects.flatMap(({ keywords, path }): Located[] => {
    const own = keywords.properties && Object.hasOwn(keywords.properties, name) ? keywords.properties[name] : undefined;
    if (own !== undefined) return [{ schema: own, path: `${path}.properties.${name}` }];
    if (keywords.additionalProperties !== false || keywords.patternProperties) return [];
    return [{ schema: false, path: `${path}.additionalProperties` }];
  });
}

const MAX_NESTED_CHOICES = 24;
const MAX_ENUM_LENGTH = 100_000;

/**
 * The JSON texts that a schema allows, each in one format (see json-text), with keys in the order of `properties`. What
 * a schema leaves open (no `additionalProperties` with `properties`) is left out: every text is valid, but not every
 * valid text is included.
 * @throws ServiceError `unsupported_constraint`
 */
export function schemaLanguage(arena: Arena, document: Readonly<Record<string, unknown>>, path: string): Expression {
  return new SchemaCompiler(arena, createSchemaReader(document, path)).value([{ schema: document, path }]);
}

class SchemaCompiler {
  private readonly arena: Arena;
  private readonly reader: SchemaReader;
  private readonly identities = new Map<unknown, number>();
  private readonly finished = new Map<string, Expression>();
  private readonly underWay = new Set<string>();
  private readonly recursive = new Set<string>();
  private nestedChoices = 0;

  constructor(arena: Arena, reader: SchemaReader) {
    this.arena = arena;
    this.reader = reader;
  }

  /** The values that satisfy all of these schemas; a schema that contains itself becomes a rule. */
  value(all: readonly Located[]): Expression {
    const schemas = all.filter(({ schema }) => (schema !== true && Object.keys(schema).length > 0) || schema === false);
    const ids = new Set(schemas.map(({ schema }) => this.identity(schema)));
    const key = `v${[...ids].sort((left, right) => left - right).join()}`;
    const known = this.finished.get(key);
    if (known) return known;
    if (this.underWay.has(key)) {
      this.recursive.add(key);
      return this.arena.call(key);
    }
    this.underWay.add(key);
    const choicesOutside = this.nestedChoices;
    this.nestedChoices = 0;
    const language = this.ofFacets(facetsOf(this.reader, schemas), schemas);
    this.nestedChoices = choicesOutside;
    this.underWay.delete(key);
    if (this.recursive.has(key)) this.arena.rules.set(key, language);
    const result = this.recursive.has(key) ? this.arena.call(key) : language;
    this.finished.set(key, result);
    return result;
  }

  private identity(schema: unknown): number {
    const known = this.identities.get(schema) ?? this.identities.size;
    this.identities.set(schema, known);
    return known;
  }

  private ofFacets(facets: Facets, schemas: readonly Located[], chosen = 0): Expression {
    if (facets.impossible) return this.arena.empty;
    const group = facets.groups[chosen];
    if (!group) return this.ofTypes(facets);
    this.nestedChoices += 1;
    if (this.nestedChoices > MAX_NESTED_CHOICES) throw unsupported(group.path, 'alternatives are nested too deeply');
    const owners = new Set(facets.groups.slice(0, chosen + 1).map(({ owner }) => owner));
    for (const option of group.options)
      if (together(this.reader, [option]).some(({ schema }) => owners.has(schema)))
        throw unsupported(option.path, 'this alternative refers back to the schema that contains it');
    if (group.exclusive) refuseOverlap(this.reader, group.options, group.path);
    const options = group.options.map((option) =>
      this.ofFacets(facetsOf(this.reader, [...schemas, option]), [...schemas, option], chosen + 1),
    );
    this.nestedChoices -= 1;
    return this.arena.alternatives(options);
  }

  private ofTypes(facets: Facets): Expression {
    const { arena, reader } = this;
    if (facets.values) return enumeration(arena, facets, facets.values);
    const value = (schemas: readonly Located[]) => this.value(schemas);
    const options: Expression[] = [];
    for (const type of facets.types) {
      if (type === 'null') options.push(literal(arena, 'null'));
      if (type === 'boolean') options.push(literals(arena, ['true', 'false']));
      if (type === 'string') options.push(quoted(arena, stringContent(arena, facets)));
      if (type === 'object') options.push(objectLanguage({ arena, value, facets, reader }));
      if (type === 'array') options.push(arrayLanguage({ arena, value, facets }));
      if (type === 'number' || (type === 'integer' && !facets.types.has('number')))
        options.push(numeric(arena, facets, type === 'integer'));
    }
    return arena.alternatives(options);
  }
}

function refuseOverlap(reader: SchemaReader, options: readonly Located[], at: string): void {
  for (const [index, left] of options.entries())
    for (const right of options.slice(index + 1))
      if (!disjoint(reader, left, right))
        throw unsupported(
          at,
          `the branches ${left.path.split('.').at(-1)} and ${right.path.split('.').at(-1)} may overlap, which "oneOf" forbids: give them a property with different constants, or use "anyOf"`,
        );
}

function enumeration(arena: Arena, facets: Facets, values: readonly unknown[]): Expression {
  const texts = enumerated(facets, values);
  if (texts.reduce((sum, text) => sum + text.length, 0) > MAX_ENUM_LENGTH)
    throw unsupported(`${facets.path}.enum`, `the values are longer than ${MAX_ENUM_LENGTH} characters together`);
  return literals(arena, texts);
}

function stringContent(arena: Arena, facets: Facets): Expression {
  const parts = facets.patterns.map(({ pattern, path: at, whole }) =>
    patternLanguage(arena, pattern, { path: at, whole }),
  );
  if (facets.minLength > 0 || facets.maxLength < Infinity)
    parts.push(arena.repeat(anyJsonCharacter(arena), facets.minLength, facets.maxLength));
  return parts.length > 0 ? arena.both(parts) : anyStringContent(arena);
}

function numeric(arena: Arena, facets: Facets, integer: boolean): Expression {
  const [multiple, ...more] = facets.multiples;
  if (multiple && more.length > 0)
    throw unsupported(multiple.path, 'several "multipleOf" for one value are not supported');
  if (multiple && !isEnforceable(multiple.value))
    throw unsupported(multiple.path, '"multipleOf" is supported for integers up to 1000 and for 0.1, 0.01 … 0.000001');
  const range: NumberRange = {
    integer,
    ...(facets.least && { least: facets.least }),
    ...(facets.most && { most: facets.most }),
    ...(multiple && { multipleOf: multiple.value }),
  };
  const language = jsonNumber(arena, range);
  if (!language)
    throw unsupported(multiple?.path ?? facets.path, 'these bounds with this "multipleOf" are not supported');
  return language;
}

function isEnforceable(multiple: number): boolean {
  return (
    (Number.isInteger(multiple) && multiple <= 1000) || [0.1, 0.01, 0.001, 0.0001, 0.00001, 0.000001].includes(multiple)
  );
}

/** The values of `enum` or `const` that the other keywords allow. */
function enumerated(facets: Facets, values: readonly unknown[]): string[] {
  const { least, most } = facets;
  const [pattern] = facets.patterns;
  const [multiple] = facets.multiples;
  return values
    .filter((value) => {
      if (!facets.types.has(typeOf(value)) && !(typeOf(value) === 'integer' && facets.types.has('number')))
        return false;
      if (typeof value === 'string') {
        if (pattern)
          throw unsupported(pattern.path, '"pattern" or "format" together with "enum" or "const" is not supported');
        const length = Array.from(value).length;
        return length >= facets.minLength && length <= facets.maxLength;
      }
      if (typeof value === 'number') {
        if (multiple) throw unsupported(multiple.path, '"multipleOf" together with "enum" or "const" is not supported');
        const below = least && (value < least.value || (least.exclusive && value === least.value));
        const above = most && (value > most.value || (most.exclusive && value === most.value));
        return !below && !above;
      }
      const facet = typeOf(value) === 'object' ? facets.objects[0] : facets.arrays[0];
      if (typeof value === 'object' && value !== null && facet)
        throw unsupported(
          facet.path,
          'keywords for objects or arrays together with "enum" or "const" are not supported',
        );
      return true;
    })
    .map(jsonText);
}

function typeOf(value: unknown): 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'object' | 'array' {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'boolean' ? 'boolean' : typeof value === 'string' ? 'string' : 'object';
}

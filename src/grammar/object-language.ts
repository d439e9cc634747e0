import { Derivatives } from './derivative.ts';
import { type Arena, type Expression, sequenceOf } from './expression.ts';
import { anyJsonCharacter, anyStringContent, itemSeparator, keySeparator, quoted } from './json-text.ts';
import { patternLanguage } from './regex-language.ts';
import { type Facet, type Facets, facetsOf } from './schema-facets.ts';
import type { Located, SchemaReader } from './schema-reader.ts';
import { unsupported } from './unsupported.ts';
import { literal, literals } from './utf8.ts';

/** The language of the values that satisfy all of these schemas. */
type ValueLanguage = (schemas: readonly Located[]) => Expression;

const FUEL = 1_000_000;

/** Whether the language contains the text. @throws OutOfFuel */
export function accepts(arena: Arena, language: Expression, text: string): boolean {
  const derivatives = new Derivatives(arena, { fuel: { left: FUEL } });
  let rest = language;
  for (const byte of Buffer.from(text)) rest = derivatives.after(rest, byte);
  return rest.nullable;
}

const MAX_PREFIX = 1000;

type Items = { prefix: readonly Located[]; rest: Located | undefined };

/** Arrays: `prefixItems` in order (each may be the last where `minItems` allows), then the rest. */
export function arrayLanguage({
  arena,
  value,
  facets,
}: {
  arena: Arena;
  value: ValueLanguage;
  facets: Facets;
}): Expression {
  const all = facets.arrays.map(itemsOf);
  const least = Math.max(0, ...facets.arrays.map(({ keywords }) => keywords.minItems ?? 0));
  const prefixLength = Math.max(0, ...all.map(({ prefix }) => prefix.length));
  let most = Math.min(Infinity, ...facets.arrays.map(({ keywords }) => keywords.maxItems ?? Infinity));
  if (prefixLength > MAX_PREFIX) throw unsupported(facets.path, `more than ${MAX_PREFIX} "prefixItems"`);
  for (const [index, { prefix, rest }] of all.entries()) {
    const facet = facets.arrays[index];
    const closed = facet?.keywords.unevaluatedItems === false && !rest;
    if (closed && facets.arrays.length > 1)
      throw unsupported(
        `${facet.path}.unevaluatedItems`,
        'this is not supported together with other schemas that apply here',
      );
    // Further items that no schema describes are left out, unless some are required.
    const silent = prefix.length > 0 && !rest && least <= prefix.length;
    if (rest?.schema === false || closed || silent) most = Math.min(most, prefix.length);
  }
  const unique = facets.arrays.find(({ keywords }) => keywords.uniqueItems);
  if (unique && most > 1)
    throw unsupported(`${unique.path}.uniqueItems`, '"uniqueItems" is not supported, so it could not be enforced');

  const at = (index: number): Located[] => all.flatMap(({ prefix, rest }) => prefix[index] ?? rest ?? []);
  const separator = literal(arena, itemSeparator);
  const head = Math.min(prefixLength, most);
  const restItem = most > head ? value(at(prefixLength)) : arena.empty;
  const separated = arena.sequence(separator, restItem);
  /** Everything from item `index` on, with the preceding comma. */
  let tail = head > 0 ? arena.repeat(separated, Math.max(0, least - head), most - head) : arena.epsilon;
  for (let index = head - 1; index >= 0; index -= 1) {
    const item = value(at(index));
    const here = sequenceOf(arena, index > 0 ? separator : arena.epsilon, item, tail);
    tail = index < least ? here : arena.alternatives([here, arena.epsilon]);
  }
  if (head === 0 && most > 0) {
    const some = arena.sequence(restItem, arena.repeat(separated, Math.max(0, least - 1), most - 1));
    tail = least > 0 ? some : arena.alternatives([some, arena.epsilon]);
  }
  if (least > most) return arena.empty;
  return sequenceOf(arena, literal(arena, '['), tail, literal(arena, ']'));
}

/** In draft 7, `prefixItems` was a list under `items`, and `items` was `additionalItems`. */
function itemsOf({ keywords, path }: Facet): Items {
  const listed = Array.isArray(keywords.items) ? keywords.items : undefined;
  const name = listed ? 'items' : 'prefixItems';
  const prefix = (listed ?? keywords.prefixItems ?? []).map((schema, index) => ({
    schema,
    path: `${path}.${name}.${index}`,
  }));
  const after = listed ? keywords.additionalItems : keywords.items;
  if (after === undefined || Array.isArray(after)) return { prefix, rest: undefined };
  return { prefix, rest: { schema: after, path: `${path}.${listed ? 'additionalItems' : 'items'}` } };
}

const MAX_PROPERTIES = 1000;
const MAX_COUNTED = 20_000;

type Member = { name: string; required: boolean; language: Expression };
type Input = { arena: Arena; value: ValueLanguage; facets: Facets; reader: SchemaReader };

/** Objects: the named members in their order, with or without the optional ones, then any others that are allowed. */
export function objectLanguage(input: Input): Expression {
  const { arena, facets } = input;
  const least = Math.max(0, ...facets.objects.map(({ keywords }) => keywords.minProperties ?? 0));
  const most = Math.min(Infinity, ...facets.objects.map(({ keywords }) => keywords.maxProperties ?? Infinity));
  const patterns = keyPatterns(input);
  const members = namedMembers(input, patterns);
  const other = otherMember(
    input,
    patterns,
    members.map(({ name }) => name),
  );
  const required = members.filter((member) => member.required).length;
  // Counting costs an expression per member and count, so it is done only if the bounds can be violated.
  const counts = least > required || most < (other === arena.empty ? members.length : Infinity);
  if (counts && members.length * Math.min(least + members.length, MAX_COUNTED) > MAX_COUNTED)
    throw unsupported(facets.path, '"minProperties" or "maxProperties" with so many properties is not supported');

  const separator = literal(arena, itemSeparator);
  const separated = (member: Expression, first: boolean) => (first ? member : arena.sequence(separator, member));
  const memo = new Map<string, Expression>();
  /**
   * Members from `index` on, after `count` others. Keys that no schema names may repeat, so they count as at least one.
   */
  function from(index: number, count: number): Expression {
    const key = `${index},${counts ? count : Math.min(count, 1)}`;
    const known = memo.get(key);
    if (known) return known;
    const result = index < members.length ? fromNamed(index, count) : others(count);
    memo.set(key, result);
    return result;
  }
  function fromNamed(index: number, count: number): Expression {
    const member = members[index];
    if (!member) return arena.empty;
    const present = arena.sequence(separated(member.language, count === 0), from(index + 1, count + 1));
    return member.required ? present : arena.alternatives([present, from(index + 1, count)]);
  }
  function others(count: number): Expression {
    const missing = counts ? Math.max(0, least - count) : 0;
    const room = counts ? most - count : Infinity;
    if (room < 0 || missing > 1) return arena.empty;
    const more =
      room > 0
        ? arena.sequence(separated(other, count === 0), arena.repeat(separated(other, false), 0, room - 1))
        : arena.empty;
    return missing === 1 ? more : arena.alternatives([more, arena.epsilon]);
  }
  return sequenceOf(arena, literal(arena, '{'), from(0, 0), literal(arena, '}'));
}

type KeyPattern = { facet: number; language: Expression; schema: Located };

function keyPatterns({ arena, facets }: Input): KeyPattern[] {
  return facets.objects.flatMap(({ keywords, path }, facet) =>
    Object.entries(keywords.patternProperties ?? {}).map(([pattern, schema]) => {
      const at = `${path}.patternProperties.${pattern}`;
      return {
        facet,
        schema: { schema, path: at },
        language: patternLanguage(arena, pattern, { path: at, whole: false }),
      };
    }),
  );
}

function namedMembers(input: Input, patterns: readonly KeyPattern[]): Member[] {
  const { arena, facets, value } = input;
  const required = new Set(facets.objects.flatMap(({ keywords }) => keywords.required ?? []));
  const names = new Set([
    ...facets.objects.flatMap(({ keywords }) => Object.keys(keywords.properties ?? {})),
    ...required,
  ]);
  if (names.size > MAX_PROPERTIES) throw unsupported(facets.path, `more than ${MAX_PROPERTIES} properties`);
  const allowed = keyContent(input);
  return [...names].flatMap((name) => {
    const content = JSON.stringify(name).slice(1, -1);
    const nameAllowed = !allowed || accepts(arena, allowed, content);
    const matching = patterns.filter(({ language }) => accepts(arena, language, content));
    const schemas = facets.objects.flatMap(({ keywords, path }, facet): Located[] => {
      const matched = matching.filter((pattern) => pattern.facet === facet).map(({ schema }) => schema);
      const own =
        keywords.properties && Object.hasOwn(keywords.properties, name) ? keywords.properties[name] : undefined;
      if (own !== undefined) return [{ schema: own, path: `${path}.properties.${name}` }, ...matched];
      if (matched.length > 0 || keywords.additionalProperties === undefined) return matched;
      return [{ schema: keywords.additionalProperties, path: `${path}.additionalProperties` }];
    });
    const language = nameAllowed ? value(schemas) : arena.empty;
    // A member that cannot exist is left out; if it is required, there is no such object.
    if (language === arena.empty && !required.has(name)) return [];
    return [
      {
        name,
        required: required.has(name),
        language: arena.sequence(literal(arena, `${JSON.stringify(name)}${keySeparator}`), language),
      },
    ];
  });
}

/** What `propertyNames` allows as the content of a key; undefined: anything. */
function keyContent({ arena, facets, reader }: Input): Expression | undefined {
  const schemas = facets.objects.flatMap(({ keywords, path }): Located[] =>
    keywords.propertyNames === undefined ? [] : [{ schema: keywords.propertyNames, path: `${path}.propertyNames` }],
  );
  const [first] = schemas;
  if (!first) return undefined;
  const names = facetsOf(reader, [...schemas, { schema: { type: 'string' }, path: first.path }]);
  if (names.values || names.groups.length > 0) {
    const values = names.values?.filter((name) => typeof name === 'string');
    if (!values || names.groups.length > 0 || names.patterns.length > 0)
      throw unsupported(first.path, 'these "propertyNames" are not supported');
    return literals(
      arena,
      values.map((name) => JSON.stringify(name).slice(1, -1)),
    );
  }
  const parts = names.patterns.map(({ pattern, path, whole }) => patternLanguage(arena, pattern, { path, whole }));
  parts.push(arena.repeat(anyJsonCharacter(arena), names.minLength, names.maxLength));
  return names.impossible ? arena.empty : arena.both(parts);
}

/** One member that no schema names: its key matches exactly one pattern, or is any other key. */
function otherMember(input: Input, patterns: readonly KeyPattern[], names: readonly string[]): Expression {
  const { arena, facets, value } = input;
  const named = literals(
    arena,
    names.map((name) => JSON.stringify(name).slice(1, -1)),
  );
  const base = [keyContent(input) ?? anyStringContent(arena), arena.complement(named)];
  const member = (key: readonly Expression[], schemas: readonly Located[]): Expression => {
    const language = value(schemas);
    return sequenceOf(arena, quoted(arena, arena.both(key)), literal(arena, keySeparator), language);
  };
  const additional = (except: number): Located[] =>
    facets.objects.flatMap(({ keywords, path }, facet): Located[] =>
      facet === except || keywords.additionalProperties === undefined
        ? []
        : [{ schema: keywords.additionalProperties, path: `${path}.additionalProperties` }],
    );
  const options = patterns.map((pattern) => {
    const others = patterns.filter((other) => other !== pattern).map(({ language }) => arena.complement(language));
    return member([...base, pattern.language, ...others], [pattern.schema, ...additional(pattern.facet)]);
  });
  if (isOpen(facets))
    options.push(member([...base, ...patterns.map(({ language }) => arena.complement(language))], additional(-1)));
  return arena.alternatives(options);
}

/** Keys that no schema describes are left out, unless a schema asks for them or none names any. */
function isOpen({ objects }: Facets): boolean {
  for (const { keywords, path } of objects) {
    if (keywords.unevaluatedProperties !== false) continue;
    if (objects.some((other) => other.path !== path && !other.path.startsWith(`${path}.`)))
      throw unsupported(
        `${path}.unevaluatedProperties`,
        'this is not supported together with other schemas that apply here',
      );
    if (keywords.additionalProperties === undefined) return false;
  }
  if (objects.some(({ keywords }) => keywords.additionalProperties !== undefined)) return true;
  return objects.every(({ keywords }) => !keywords.properties && !keywords.patternProperties);
}

import type { Arena, Expression } from './expression.ts';
import { sequenceOf } from './expression.ts';
import { anyJsonCharacter, anyStringContent, itemSeparator, keySeparator, quoted } from './json-text.ts';
import { accepts } from './language-test.ts';
import { patternLanguage } from './pattern-language.ts';
import type { Facets } from './schema-facets.ts';
import { facetsOf } from './schema-facets.ts';
import type { Located, SchemaReader } from './schema-reader.ts';
import { unsupported } from './unsupported.ts';
import { literal, literals } from './utf8.ts';
import type { ValueLanguage } from './value-language.ts';

const MAX_PROPERTIES = 1000;
const MAX_COUNTED = 20_000;

type Member = { name: string; required: boolean; language: Expression };
type Input = { arena: Arena; value: ValueLanguage; facets: Facets; reader: SchemaReader };

/** Objects: the named members in their order, optional ones left out or not, then any others that are allowed. */
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
  // Counting costs an expression per member and count: only where the bounds can be missed.
  const counts = least > required || most < (other === arena.empty ? members.length : Infinity);
  if (counts && members.length * Math.min(least + members.length, MAX_COUNTED) > MAX_COUNTED)
    throw unsupported(facets.path, '"minProperties" or "maxProperties" over so many properties');

  const separator = literal(arena, itemSeparator);
  const separated = (member: Expression, first: boolean) => (first ? member : arena.sequence(separator, member));
  const memo = new Map<string, Expression>();
  /** Members from `index` on, `count` being there before. Keys that no schema names may repeat: they count as one at least. */
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
    // A member that can't be is no member, unless it must be: then there is no such object.
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

/** What `propertyNames` allows as a key's content; undefined: anything. */
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

/** One member that no schema names: of a key that exactly one pattern matches, or of any other key. */
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

/** Keys that no schema speaks of are left out unless one asks for them, or none names any. */
function isOpen({ objects }: Facets): boolean {
  for (const { keywords, path } of objects) {
    if (keywords.unevaluatedProperties !== false) continue;
    if (objects.some((other) => other.path !== path && !other.path.startsWith(`${path}.`)))
      throw unsupported(
        `${path}.unevaluatedProperties`,
        'beside other schemas that hold together with it, this is not supported',
      );
    if (keywords.additionalProperties === undefined) return false;
  }
  if (objects.some(({ keywords }) => keywords.additionalProperties !== undefined)) return true;
  return objects.every(({ keywords }) => !keywords.properties && !keywords.patternProperties);
}

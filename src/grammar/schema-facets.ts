import type { NumberBound } from './json-number.ts';
import { type Located, type SchemaKeywords, type SchemaReader, TypeName } from './schema-reader.ts';
import { unsupported } from './unsupported.ts';

const leapDay = '(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29';
const days =
  '\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))';
const date = `(?:${days}|${leapDay})`;
const hour = '(?:[01]\\d|2[0-3])';
const time = `${hour}:[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${hour}:[0-5]\\d)`;
const byte = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const hostname = `${label}(?:\\.${label}){0,3}`;
const domain = `(?:${label}\\.){1,3}[a-zA-Z]{2,24}`;
const hex = '[0-9a-fA-F]';
const urlCharacter = "(?:[a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2})";
const uri = `https?://${domain}(?::[1-9]\\d{0,3})?(?:/${urlCharacter}{0,256}){0,16}(?:\\?${urlCharacter}{0,512})?(?:#${urlCharacter}{0,256})?`;

/**
 * The values of `format` that are enforced, as patterns of the whole text. They allow only valid texts, and the usual
 * ones (RFC 3339, 4122, 2673, 1123, 5321, 3986; no leap seconds, quoted mailboxes or schemes other than http).
 */
const stringFormats: ReadonlyMap<string, string> = new Map([
  ['date', date],
  ['time', time],
  ['date-time', `${date}T${time}`],
  [
    'duration',
    'P(?:\\d{1,6}W|(?:\\d{1,6}Y)(?:\\d{1,6}M)?(?:\\d{1,6}D)?|(?:\\d{1,6}M)(?:\\d{1,6}D)?|\\d{1,6}D)|PT(?:\\d{1,6}H(?:\\d{1,6}M(?:\\d{1,6}S)?)?|\\d{1,6}M(?:\\d{1,6}S)?|\\d{1,6}S)',
  ],
  ['uuid', `${hex}{8}-${hex}{4}-${hex}{4}-${hex}{4}-${hex}{12}`],
  ['ipv4', `${byte}\\.${byte}\\.${byte}\\.${byte}`],
  ['ipv6', `(?:${hex}{1,4}:){7}${hex}{1,4}`],
  ['hostname', hostname],
  ['email', `[a-zA-Z0-9_+-]{1,32}(?:\\.[a-zA-Z0-9_+-]{1,15}){0,2}@${domain}`],
  ['uri', uri],
]);

/** Formats of numbers (OpenAPI's), as their bounds. */
const numberFormats: ReadonlyMap<string, { least?: number; most?: number; integer: boolean }> = new Map([
  ['int32', { least: -2147483648, most: 2147483647, integer: true }],
  ['int64', { integer: true }],
  ['float', { integer: false }],
  ['double', { integer: false }],
]);

/** What one schema says about objects or arrays; all such facets must be satisfied. */
export type Facet = { keywords: SchemaKeywords; path: string };

/** `anyOf` or `oneOf` (exclusive) of the schema `owner`. */
type Group = { options: readonly Located[]; exclusive: boolean; path: string; owner: unknown };

/** Schemas that must all be satisfied (`allOf`, `$ref` with siblings), arranged by what they say. */
export type Facets = {
  path: string;
  impossible: boolean;
  types: ReadonlySet<TypeName>;
  /** False: the types were only inferred from the keywords, and the schema does not exclude others. */
  typed: boolean;
  values?: readonly unknown[];
  minLength: number;
  maxLength: number;
  patterns: ReadonlyArray<{ pattern: string; path: string; whole: boolean }>;
  least?: NumberBound;
  most?: NumberBound;
  multiples: ReadonlyArray<{ value: number; path: string }>;
  objects: readonly Facet[];
  arrays: readonly Facet[];
  /** One option of each group must be satisfied as well; of an exclusive group, exactly one. */
  groups: readonly Group[];
};

const keywordsOfType: ReadonlyArray<readonly [TypeName, ReadonlyArray<keyof SchemaKeywords>]> = [
  ['string', ['minLength', 'maxLength', 'pattern', 'format']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
  [
    'object',
    [
      'properties',
      'patternProperties',
      'additionalProperties',
      'unevaluatedProperties',
      'propertyNames',
      'required',
      'minProperties',
      'maxProperties',
    ],
  ],
  ['array', ['items', 'prefixItems', 'additionalItems', 'unevaluatedItems', 'minItems', 'maxItems', 'uniqueItems']],
];
const MAX_TOGETHER = 200;

export function facetsOf(reader: SchemaReader, schemas: readonly Located[]): Facets {
  const draft: Draft = {
    path: schemas[0]?.path ?? '',
    impossible: false,
    types: new Set<TypeName>(TypeName.options),
    typed: false,
    minLength: 0,
    maxLength: Infinity,
    patterns: [],
    multiples: [],
    objects: [],
    arrays: [],
    groups: [],
  };
  const inferred = new Set<TypeName>();
  for (const { schema: owner, keywords, path } of together(reader, schemas)) {
    if (keywords === false) {
      draft.impossible = true;
      continue;
    }
    addTypesAndValues(draft, keywords);
    for (const [type, names] of keywordsOfType)
      if (names.some((name) => keywords[name] !== undefined)) inferred.add(type);
    addLimits(draft, keywords, path);
    if (keywords.format !== undefined) addFormat(draft, keywords.format, `${path}.format`);
    if (mentions(keywords, 'object')) draft.objects.push({ keywords, path });
    if (mentions(keywords, 'array')) draft.arrays.push({ keywords, path });
    addGroups(draft, keywords, { path, owner });
  }
  // There are keywords of one type but no "type": the caller means that type, and its values are valid.
  if (!draft.typed && inferred.size > 0 && !draft.values) draft.types = inferred;
  return draft;
}

/** Facets while schemas are still added to them. */
type Draft = {
  -readonly [Name in keyof Facets]: Facets[Name] extends ReadonlyArray<infer Item> ? Item[] : Facets[Name];
};

function addTypesAndValues(draft: Draft, keywords: SchemaKeywords): void {
  if (keywords.type !== undefined) {
    draft.typed = true;
    draft.types = commonTypes(draft.types, [keywords.type].flat());
  }
  if (keywords.enum) draft.values = intersection(draft.values, keywords.enum);
  if ('const' in keywords) draft.values = intersection(draft.values, [keywords.const]);
}

/** The limits of strings and numbers. */
function addLimits(draft: Draft, keywords: SchemaKeywords, path: string): void {
  draft.minLength = Math.max(draft.minLength, keywords.minLength ?? 0);
  draft.maxLength = Math.min(draft.maxLength, keywords.maxLength ?? Infinity);
  if (keywords.pattern !== undefined)
    draft.patterns.push({ pattern: keywords.pattern, path: `${path}.pattern`, whole: false });
  addBounds(draft, { least: keywords.minimum, most: keywords.maximum }, false);
  addBounds(draft, { least: keywords.exclusiveMinimum, most: keywords.exclusiveMaximum }, true);
  if (keywords.multipleOf !== undefined)
    draft.multiples.push({ value: keywords.multipleOf, path: `${path}.multipleOf` });
}

/** @throws ServiceError `unsupported_constraint` for an unknown format */
function addFormat(draft: Draft, format: string, path: string): void {
  const pattern = stringFormats.get(format);
  if (pattern !== undefined) {
    draft.patterns.push({ pattern, path, whole: true });
    return;
  }
  const numeric = numberFormats.get(format);
  if (!numeric || !draft.typed || draft.types.has('string'))
    throw unsupported(
      path,
      `the format "${format}" is not supported here (strings: ${[...stringFormats.keys()].join(', ')})`,
    );
  addBounds(draft, numeric, false);
  if (numeric.integer)
    draft.types = commonTypes(draft.types, ['integer', ...[...draft.types].filter((type) => type !== 'number')]);
}

function addGroups(draft: Draft, keywords: SchemaKeywords, { path, owner }: { path: string; owner: unknown }): void {
  for (const name of ['anyOf', 'oneOf'] as const) {
    const options = keywords[name]?.map((schema, index) => ({ schema, path: `${path}.${name}.${index}` }));
    if (options) draft.groups.push({ options, exclusive: name === 'oneOf', path: `${path}.${name}`, owner });
  }
}

/** Keeps the tighter of two bounds on each side. */
function addBounds(
  draft: Draft,
  bounds: { least?: number | undefined; most?: number | undefined },
  exclusive: boolean,
) {
  if (bounds.least !== undefined) draft.least = tighter(draft.least, { value: bounds.least, exclusive }, 1);
  if (bounds.most !== undefined) draft.most = tighter(draft.most, { value: bounds.most, exclusive }, -1);
}

type Included = { schema: unknown; keywords: SchemaKeywords | false; path: string };

/** The schemas, with everything they include by `$ref` and `allOf`. */
export function together(reader: SchemaReader, schemas: readonly Located[]): Included[] {
  const seen = new Set<unknown>();
  const found: Included[] = [];
  const open = [...schemas];
  for (let next = open.shift(); next; next = open.shift()) {
    if (seen.has(next.schema) || next.schema === true) continue;
    seen.add(next.schema);
    reader.count();
    if (seen.size > MAX_TOGETHER) throw unsupported(next.path, `more than ${MAX_TOGETHER} schemas apply together here`);
    if (next.schema === false) {
      found.push({ schema: false, keywords: false, path: next.path });
      continue;
    }
    const keywords = reader.keywordsOf(next);
    found.push({ schema: next.schema, keywords, path: next.path });
    if (keywords.$ref !== undefined) open.push(reader.resolve(keywords.$ref, next.path));
    for (const [index, schema] of (keywords.allOf ?? []).entries())
      open.push({ schema, path: `${next.path}.allOf.${index}` });
  }
  return found;
}

function mentions(keywords: SchemaKeywords, type: TypeName): boolean {
  const names = keywordsOfType.find(([of]) => of === type)?.[1] ?? [];
  return names.some((name) => keywords[name] !== undefined);
}

/** "number" includes integers: together with "integer" it means integers. */
function commonTypes(left: ReadonlySet<TypeName>, right: readonly TypeName[]): Set<TypeName> {
  const holds = (types: ReadonlySet<TypeName>, type: TypeName) =>
    types.has(type) || (type === 'integer' && types.has('number'));
  const other = new Set(right);
  return new Set(TypeName.options.filter((type) => holds(left, type) && holds(other, type)));
}

function intersection(left: readonly unknown[] | undefined, right: readonly unknown[]): readonly unknown[] {
  if (!left) return right;
  const allowed = new Set(right.map(canonical));
  return left.filter((value) => allowed.has(canonical(value)));
}

/** Equal for values that JSON Schema considers equal (apart from member order). */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}

/** `direction` 1 for lower bounds, -1 for upper ones. */
function tighter(known: NumberBound | undefined, bound: NumberBound, direction: 1 | -1): NumberBound {
  const further = known ? (bound.value - known.value) * direction : 1;
  return !known || further > 0 || (further === 0 && bound.exclusive) ? bound : known;
}

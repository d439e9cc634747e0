import type { Arena, Expression } from './expression.ts';
import { sequenceOf } from './expression.ts';
import { itemSeparator } from './json-text.ts';
import type { Facet, Facets } from './schema-facets.ts';
import type { Located } from './schema-reader.ts';
import { unsupported } from './unsupported.ts';
import { literal } from './utf8.ts';
import type { ValueLanguage } from './value-language.ts';

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
        'beside other schemas that hold together with it, this is not supported',
      );
    // Items beyond the prefix that no schema speaks of are left out, unless there must be some.
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
  /** Everything from item `index` on, with the comma before it. */
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

/** Draft 7 wrote `prefixItems` as a list under `items`, and `items` as `additionalItems`. */
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

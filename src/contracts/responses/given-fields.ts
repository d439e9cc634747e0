/** Rules over several fields, as JSON Schema: the document says what the parser refuses. For `.meta()` of an object. */

/** At least one of these is there and not null. */
export function someGiven(names: readonly string[]): Record<string, unknown> {
  return { anyOf: names.map((name) => given(name)) };
}

/** One of these is there and not null, and no other. */
export function oneGiven(names: readonly string[]): Record<string, unknown> {
  return { oneOf: names.map((name) => given(name)) };
}

function given(name: string): Record<string, unknown> {
  return { required: [name], properties: { [name]: { not: { type: 'null' } } } };
}

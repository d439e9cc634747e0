/** The value of a JSON text. Undefined if the text is not JSON, which no JSON text means. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The code of a call of a tool that takes nothing else; small models write it without JSON around it. */
export function codeOf(args: string): string {
  const value = parseJson(args);
  const code = typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined;
  return typeof code === 'string' ? code : args;
}

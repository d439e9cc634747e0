/**
 * `\( … \)` and `\[ … \]`, as many models write maths, in the form that the markdown parser reads; code is left alone. One pass:
 * where each delimiter closes is looked for once, however many are open.
 */
export function texDelimiters(
  text: string,
  indexOf = (mark: string, from: number) => text.indexOf(mark, from),
): string {
  /** The next place of each mark; beyond the end where there is none any more. */
  const known = new Map<string, number>();
  const next = (mark: string, from: number): number => {
    const before = known.get(mark) ?? -1;
    if (before >= from) return before;
    const found = indexOf(mark, from);
    const at = found === -1 ? Number.POSITIVE_INFINITY : found;
    known.set(mark, at);
    return at;
  };
  let written = '';
  let from = 0;
  const opening = /```|`|\\[[(]/g;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const [mark] = match;
    const inside = match.index + mark.length;
    const end = next(closings[mark] ?? mark, inside);
    const lineEnd = next('\n', inside);
    const closes = mark === '```' || (end < Number.POSITIVE_INFINITY && (mark === '\\[' || end < lineEnd));
    // Empty maths is none, and a quote that does not close within its line opens no code.
    if (!closes || (mark.startsWith('\\') && end === inside)) continue;
    const past = Math.min(text.length, end + mark.length);
    const tex = mark.startsWith('\\') ? text.slice(inside, end).trim() : '';
    written += text.slice(from, match.index);
    if (mark === '\\[') written += `\n\n$$\n${tex}\n$$\n\n`;
    else written += mark === '\\(' ? `$$${tex}$$` : text.slice(match.index, past);
    from = past;
    opening.lastIndex = past;
  }
  return written + text.slice(from);
}

const closings: Readonly<Record<string, string>> = { '\\[': '\\]', '\\(': '\\)' };

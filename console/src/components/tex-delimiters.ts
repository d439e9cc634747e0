/**
 * `\( … \)`, `\[ … \]` and `$ … $`, as models write maths, in the form that the markdown parser reads; code and money are left
 * alone. One pass: where each delimiter closes is looked for once, however many are open.
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
  const opening = /```|`|\\[[($]|\$\$?/g;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const [mark] = match;
    if (mark === '\\$') continue;
    const inside = match.index + mark.length;
    const end = next(closings[mark] ?? mark, inside);
    const lineEnd = next('\n', inside);
    const isBlock = mark === '\\[' || mark === '$$';
    const closes = mark === '```' || (end < Number.POSITIVE_INFINITY && (isBlock || end < lineEnd));
    // Empty maths is none, and a quote that does not close within its line opens no code.
    if (!closes || (mark.startsWith('\\') && end === inside)) continue;
    if (mark === '$' && !isMaths(text.slice(inside, end), text.charAt(end + 1))) continue;
    const past = Math.min(text.length, end + mark.length);
    const tex = mark.startsWith('\\') || mark === '$' ? text.slice(inside, end).trim() : '';
    written += text.slice(from, match.index);
    if (mark === '\\[') written += `\n\n$$\n${tex}\n$$\n\n`;
    else written += mark === '\\(' || mark === '$' ? `$$${tex}$$` : text.slice(match.index, past);
    from = past;
    opening.lastIndex = past;
  }
  return written + text.slice(from);
}

const closings: Readonly<Record<string, string>> = { '\\[': '\\]', '\\(': '\\)' };

/**
 * Whether what stands between two dollars is a formula, by Pandoc's rule (no space inside either dollar, no digit behind the
 * second), and no two words beside each other, which sums of money have between them. Characters: longer ones are no formula.
 */
function isMaths(inner: string, behind: string): boolean {
  if (inner === '' || inner.length > mostInline || /^\s|\s$|\\$|`/.test(inner) || /\d/.test(behind)) return false;
  const plain = inner.replace(/\\(?:text|mathrm|operatorname)\s*\{[^{}]*\}/g, '').replace(/\\[A-Za-z]+/g, ' ');
  return !/\p{L}{2,}[\s,;]+\p{L}{2,}/u.test(plain);
}

const mostInline = 400;

const fence = /^[ \t]*```[^\n]*\n[\s\S]*?(?:^[ \t]*```[ \t]*$|(?![\s\S]))/gm;
const onlyPlainFence = /^```(?:json|text|plaintext)?[ \t]*\n([^`]*?)\n?[ \t]*```$/i;
const signs = [
  /\bdef \w+\(|\bfunction\b[^\n(]{0,40}\([^\n)]{0,80}\)\s*\{|=>\s*[{(]/,
  /^[ \t]*(?:print|console\.log|printf|println!?)\(/m,
  /^[ \t]*(?:#include\b|import \w|from \w+ import\b|(?:const|let|var) \w+ ?=)/m,
  /^[ \t]*(?:public|private|static|class) \w[^\n]*[{:][ \t]*$/m,
];

/** A text without its fenced code. What stands alone in a fence that names no language but JSON is the text itself. */
export function withoutFences(text: string): { text: string; hadCode: boolean } {
  const only = onlyPlainFence.exec(text)?.[1];
  if (only !== undefined) return { text: only.trim(), hadCode: false };
  const rest = text.replace(fence, '');
  return { text: rest.trim(), hadCode: rest !== text };
}

/** A piece of code, or a text about one. */
export function isCode(text: string): boolean {
  return signs.some((sign) => sign.test(text));
}

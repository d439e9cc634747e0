/** `\( … \)` and `\[ … \]`, as many models write maths, in the form that the markdown parser reads; code is left alone. */
export function texDelimiters(text: string): string {
  return text
    .split(/(```[\s\S]*?(?:```|$)|`[^`\n]*`)/)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part
            .replace(/\\\[([\s\S]+?)\\\]/g, (_, tex: string) => `\n\n$$\n${tex.trim()}\n$$\n\n`)
            .replace(/\\\((.+?)\\\)/g, (_, tex: string) => `$$${tex.trim()}$$`),
    )
    .join('');
}

/** The Python in a text's fenced blocks, in order; a block that was not closed counts to the end. */
export function codeBlocks(text: string): string[] {
  const blocks: string[] = [];
  let open: string[] | undefined;
  for (const line of text.split('\n')) {
    if (/^\s*```/.test(line)) {
      if (open !== undefined) {
        blocks.push(open.join('\n'));
        open = undefined;
      } else {
        open = /^\s*```\s*(?:python3?|py)?\s*$/i.test(line) ? [] : undefined;
      }
    } else {
      open?.push(line);
    }
  }
  if (open !== undefined) blocks.push(open.join('\n'));
  return blocks.filter((block) => block.trim() !== '');
}

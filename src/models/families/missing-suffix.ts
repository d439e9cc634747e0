import type { ModelFamily } from './family.ts';

/**
 * What a rendered prompt lacks of its family's suffix: templates open a thought, or close an empty one, themselves, or don't,
 * and differ in the white space around it. An opened thought that is not wanted is closed.
 */
export function missingSuffix(rendered: string, family: ModelFamily, options: { thinking: boolean }): string {
  const { tags, promptSuffix } = family;
  if (tags === undefined) return '';
  if (options.thinking) return endsWithTag(rendered, tags.open) ? '' : promptSuffix.on;
  if (endsWithTag(rendered, tags.close)) return '';
  const { off } = promptSuffix;
  if (!endsWithTag(rendered, tags.open) || !off.startsWith(tags.open)) return off;
  const rest = off.slice(tags.open.length);
  const written = spaceAtEnd(rendered);
  return rest.startsWith(written) ? rest.slice(written.length) : rest;
}

/** Whether a prompt ends with a tag, white space after it aside. */
export function endsWithTag(rendered: string, tag: string): boolean {
  return rendered.slice(0, rendered.length - spaceAtEnd(rendered).length).endsWith(tag);
}

/** Some tokenizers write white space as letters of their own. */
function spaceAtEnd(text: string): string {
  const letters: Record<string, string> = { Ċ: '\n', Ġ: ' ', '▁': ' ' };
  return (/[\sĊĠ▁]*$/.exec(text)?.[0] ?? '').replaceAll(/[ĊĠ▁]/g, (letter) => letters[letter] ?? letter);
}

import { stripVTControlCharacters } from 'node:util';

/** Lines of at most `width` characters, broken between words; a word that is longer has a line of its own. */
export function wrapped(text: string, width: number): string[] {
  return filled(text.split(' '), { between: ' ', width });
}

/** Parts put side by side while they fit `width`, then on a next line. Colours have no width. */
export function filled(parts: readonly string[], { between, width }: { between: string; width: number }): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const joined = last === undefined ? part : `${last}${between}${part}`;
    if (last === undefined || stripVTControlCharacters(joined).length > width) lines.push(part);
    else lines[lines.length - 1] = joined;
  }
  return lines;
}

/** Rows in columns two spaces apart; `right` names the columns that are aligned to the right. Colours have no width. */
export function columns(
  rows: readonly (readonly string[])[],
  { right = [] }: { right?: readonly number[] } = {},
): string {
  const width = (text: string) => stripVTControlCharacters(text).length;
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const space = ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
          return right.includes(column) ? `${space}${cell}` : `${cell}${space}`;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

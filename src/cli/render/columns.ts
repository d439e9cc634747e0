import { stripVTControlCharacters } from 'node:util';

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

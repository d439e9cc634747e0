import xterm from '@xterm/headless';

/** A run of cells that look the same. Colours are of the 16, or undefined for the terminal's own. */
export type Run = {
  text: string;
  /** Cells from the left. */
  column: number;
  colour: number | undefined;
  bold: boolean;
  dim: boolean;
  struck: boolean;
  underlined: boolean;
};
export type Screen = readonly (readonly Run[])[];

/** A terminal without a window: what a program wrote becomes what a person would see. */
type TerminalScreen = {
  write(data: string): Promise<void>;
  /** The visible rows, empty ones at the end left out. */
  screen(): Screen;
};

export function createTerminalScreen(size: { columns: number; rows: number }): TerminalScreen {
  const terminal = new xterm.Terminal({
    cols: size.columns,
    rows: size.rows,
    allowProposedApi: true,
    convertEol: true,
    scrollback: 0,
  });
  return {
    write: (data) => new Promise((resolve) => terminal.write(data, resolve)),
    screen() {
      const { active } = terminal.buffer;
      const rows = Array.from({ length: size.rows }, (_, row) =>
        runsOf(active.getLine(active.baseY + row), size.columns),
      );
      const last = rows.findLastIndex((runs) => runs.length > 0);
      return rows.slice(0, last + 1);
    },
  };
}

type Line = ReturnType<xterm.IBuffer['getLine']>;

function runsOf(line: Line, columns: number): Run[] {
  const runs: Run[] = [];
  for (let column = 0; column < columns; column += 1) {
    const cell = line?.getCell(column);
    if (!cell || cell.getWidth() === 0) continue;
    const look = {
      colour: cell.isFgPalette() ? cell.getFgColor() : undefined,
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
      struck: cell.isStrikethrough() !== 0,
      underlined: cell.isUnderline() !== 0,
    };
    const before = runs.at(-1);
    const text = cell.getChars() || ' ';
    if (before && sameLook(before, look)) before.text += text;
    else runs.push({ text, column, ...look });
  }
  return runs
    .filter(({ text, struck }) => text.trim() !== '' || struck)
    .map((run) => ({ ...run, text: run.text.trimEnd() }));
}

function sameLook(one: Omit<Run, 'text' | 'column'>, other: Omit<Run, 'text' | 'column'>): boolean {
  return (
    one.colour === other.colour &&
    one.bold === other.bold &&
    one.dim === other.dim &&
    one.struck === other.struck &&
    one.underlined === other.underlined
  );
}

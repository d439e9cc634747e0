/** One line of the table. `ratio` is null if it could not be measured, with the reason in `detail`. */
export type Figure = {
  name: string;
  ratio: number | null;
  /** `>= 1.3` or `<= 0.3`. */
  aim: { atLeast: number } | { atMost: number };
  holds: boolean | null;
  detail: string;
};

export function figureOf(name: string, ratio: number, aim: Figure['aim'], detail: string): Figure {
  const holds = 'atLeast' in aim ? ratio >= aim.atLeast : ratio <= aim.atMost;
  return { name, ratio: Math.round(ratio * 1000) / 1000, aim, holds, detail };
}

export function skipped(name: string, aim: Figure['aim'], reason: string): Figure {
  return { name, ratio: null, aim, holds: null, detail: `skipped: ${reason}` };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((first, second) => first - second);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((first, second) => first - second);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function printTable(figures: readonly Figure[]): void {
  const aimText = ({ aim }: Figure) => ('atLeast' in aim ? `>= ${aim.atLeast}` : `<= ${aim.atMost}`);
  const width = Math.max(...figures.map(({ name }) => name.length));
  for (const figure of figures) {
    const mark = figure.holds === null ? 'skip' : figure.holds ? 'holds' : 'MISSED';
    const ratio = figure.ratio === null ? '-' : figure.ratio.toFixed(3);
    console.log(
      `${figure.name.padEnd(width)}  ${ratio.padStart(7)}  ${aimText(figure).padEnd(8)}  ${mark.padEnd(6)}  ${figure.detail}`,
    );
  }
}

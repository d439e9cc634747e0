import type { Run, Screen } from './terminal-screen.ts';

/** A screen, and how long it stands. ms */
export type Frame = { screen: Screen; ms: number };

const cell = { width: 8.4, height: 19 };
const padding = 16;
const bar = 30;
/** The 16 colours, readable on the dark ground. */
const palette = [
  ['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#b1bac4'],
  ['#6e7681', '#ffa198', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#f0f6fc'],
].flat();

/**
 * A terminal session as one SVG without scripts: the frames stand one below the other and move past a window in steps, which
 * plays in an `<img>` too. Who asked for reduced motion sees the last frame. One frame gives a still.
 */
export function sessionSvg(
  frames: readonly Frame[],
  options: { title: string; columns: number; rows: number },
): string {
  const inner = { width: options.columns * cell.width, height: options.rows * cell.height };
  const width = Math.ceil(inner.width + 2 * padding);
  const height = Math.ceil(inner.height + 2 * padding + bar);
  const texts = new Map<string, string>();
  const groups = frames.map(({ screen }, place) => {
    const uses = screen.flatMap((runs, row) => {
      if (runs.length === 0) return [];
      const markup = runs.map(runMarkup).join('');
      const id = texts.get(markup) ?? `l${texts.size}`;
      texts.set(markup, id);
      return [`<use href="#${id}" y="${round((row + 1) * cell.height - 5)}"/>`];
    });
    return `<g transform="translate(0 ${round(place * inner.height)})">${uses.join('')}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(options.title)}">`,
    `<title>${escaped(options.title)}</title>`,
    `<style>${style(frames, inner.height)}</style>`,
    `<defs>${[...texts].map(([markup, id]) => `<text id="${id}" xml:space="preserve">${markup}</text>`).join('')}</defs>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map(
      (fill, place) => `<circle cx="${20 + place * 20}" cy="17" r="6" fill="${fill}"/>`,
    ),
    `<svg x="${padding}" y="${bar + padding / 2}" width="${round(inner.width)}" height="${round(inner.height)}"><g class="film">${groups.join('')}</g></svg>`,
    '</svg>\n',
  ].join('\n');
}

function style(frames: readonly Frame[], height: number): string {
  const font = 'text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3}';
  const looks = '.b{font-weight:700}.d{opacity:.6}.s{text-decoration:line-through}.u{text-decoration:underline}';
  const total = frames.reduce((sum, { ms }) => sum + ms, 0);
  if (frames.length < 2) return font + looks;
  let elapsed = 0;
  const steps = frames.map(({ ms }, place) => {
    const at = `${round((100 * elapsed) / total)}%{transform:translateY(${round(-place * height)}px)}`;
    elapsed += ms;
    return at;
  });
  const last = `translateY(${round(-(frames.length - 1) * height)}px)`;
  return `${font}${looks}.film{animation:film ${(total / 1000).toFixed(1)}s steps(1,end) infinite}@keyframes film{${steps.join('')}100%{transform:${last}}}@media(prefers-reduced-motion:reduce){.film{animation:none;transform:${last}}}`;
}

function runMarkup({ text, column, colour, bold, dim, struck, underlined }: Run): string {
  const classes = [bold && 'b', dim && 'd', struck && 's', underlined && 'u'].filter(Boolean).join(' ');
  const fill = colour === undefined ? '' : ` fill="${palette[colour] ?? '#e6edf3'}"`;
  // The width is given, so that no font moves what stands behind it.
  const width = text.length > 1 ? ` textLength="${round([...text].length * cell.width)}"` : '';
  return `<tspan x="${round(column * cell.width)}"${width}${classes === '' ? '' : ` class="${classes}"`}${fill}>${escaped(text)}</tspan>`;
}

const round = (value: number): number => Math.round(value * 100) / 100;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

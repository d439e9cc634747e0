import { greedyArm, nameOfArm } from './arm.ts';
import type { ArmSummary } from './summary.ts';

const width = 760;
const height = 440;
const plot = { left: 64, right: 28, top: 58, bottom: 58 };

type Point = { x: number; y: number; low: number; high: number; label: string; className: string };

/**
 * Accuracy over decoded tokens per question (logarithmic) as an SVG that is readable on light and dark pages. Written
 * by hand, because it takes five dozen lines and a library would bring a hundred packages.
 */
export function accuracyChart(options: { title: string; arms: readonly ArmSummary[] }): string {
  const { arms } = options;
  const tokens = arms.map((arm) => Math.max(1, arm.outputTokens));
  const ticks = tokenTicks(Math.min(...tokens), Math.max(...tokens));
  const [first = 1, end = 10] = [ticks[0], ticks.at(-1)];
  const top = Math.min(1, Math.ceil(10 * Math.max(...arms.map((arm) => arm.accuracy.high)) + 0.2) / 10);
  const x = (value: number) =>
    plot.left + ((width - plot.left - plot.right) * Math.log(value / first)) / Math.log(end / first);
  const y = (share: number) => height - plot.bottom - ((height - plot.top - plot.bottom) * share) / top;
  const points = arms.map((arm) => ({
    x: x(Math.max(1, arm.outputTokens)),
    y: y(arm.accuracy.value),
    low: y(arm.accuracy.low),
    high: y(arm.accuracy.high),
    label: `${nameOfArm(arm.arm)} ${(100 * arm.accuracy.value).toFixed(1)} %`,
    className: arm.arm === greedyArm ? 'greedy' : arm.arm.includes(':') ? 'variant' : 'effort',
  }));
  const path = points
    .filter(({ className }) => className === 'effort')
    .toSorted((a, b) => a.x - b.x)
    .map((point) => `${fixed(point.x)},${fixed(point.y)}`)
    .join(' ');
  const shares = Array.from({ length: Math.round(top * 10) + 1 }, (_, index) => index / 10);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(options.title)}">`,
    `<style>${style}</style>`,
    `<text class="title" x="${plot.left}" y="28">${escapeXml(options.title)}</text>`,
    ...shares.map((share) => horizontal(share, y(share))),
    ...ticks.map((tick) => `<text x="${fixed(x(tick))}" y="${height - 34}" text-anchor="middle">${tick}</text>`),
    `<text class="axis" x="${(plot.left + width - plot.right) / 2}" y="${height - 10}" text-anchor="middle">decoded tokens per question (log)</text>`,
    `<text class="axis" x="${plot.left}" y="48">right answers, 95 % interval</text>`,
    `<polyline class="line" points="${path}"/>`,
    ...points.map(mark),
    ...labels(points),
    '</svg>',
    '',
  ].join('\n');
}

const style = `
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #5b6470; }
.title { font-size: 16px; font-weight: 600; fill: #1f2733; }
.axis { font-size: 12px; }
.grid { stroke: #8a94a3; stroke-opacity: .28; }
.line { fill: none; stroke: #2f7ed8; stroke-width: 2.5; stroke-linejoin: round; }
.effort { fill: #2f7ed8; stroke: #2f7ed8; }
.greedy { fill: #e07b28; stroke: #e07b28; }
.variant { fill: #2fa37c; stroke: #2fa37c; }
.label { font-weight: 600; stroke: none; }
.bar { stroke-width: 1.5; stroke-opacity: .6; }
@media (prefers-color-scheme: dark) { text { fill: #a3adba; } .title { fill: #e8ecf1; } .effort { fill: #6aaaf2; stroke: #6aaaf2; } .line { stroke: #6aaaf2; } }
`;

function horizontal(share: number, at: number): string {
  const line = `<line class="grid" x1="${plot.left}" x2="${width - plot.right}" y1="${fixed(at)}" y2="${fixed(at)}"/>`;
  return `${line}<text x="${plot.left - 10}" y="${fixed(at + 4)}" text-anchor="end">${Math.round(share * 100)} %</text>`;
}

function mark({ x, y, low, high, className }: Point): string {
  const bar = `<line class="${className} bar" x1="${fixed(x)}" x2="${fixed(x)}" y1="${fixed(low)}" y2="${fixed(high)}"/>`;
  return `${bar}<circle class="${className}" cx="${fixed(x)}" cy="${fixed(y)}" r="5"/>`;
}

/** Places each label in the first free position around its point. */
function labels(points: readonly Point[]): string[] {
  const taken = [...points, ...alongLine(points)].map(({ x, y }) => ({
    left: x - 7,
    right: x + 7,
    top: y - 7,
    bottom: y + 7,
  }));
  return points.map(({ x, y, label, className }) => {
    const size = label.length * 8;
    const places = [-9, 22, -27, 40, -45, 58, -63, 76].flatMap((down) =>
      [-size / 2, 12, -size - 12].map((across) => ({
        left: x + across,
        baseline: y + (across === 12 ? down + 5 : down),
      })),
    );
    const boxes = places.map(({ left, baseline }) => ({
      left,
      right: left + size,
      top: baseline - 12,
      bottom: baseline + 4,
    }));
    const free = boxes.find(
      (box) =>
        box.left > plot.left &&
        box.right < width &&
        box.top > plot.top - 8 &&
        box.bottom < height - plot.bottom + 4 &&
        taken.every((t) => box.right < t.left || box.left > t.right || box.bottom < t.top || box.top > t.bottom),
    );
    const box = free ?? boxes[0] ?? { left: x, right: x, top: y, bottom: y };
    taken.push(box);
    return `<text class="${className} label" x="${fixed(box.left)}" y="${fixed(box.bottom - 4)}">${escapeXml(label)}</text>`;
  });
}

/** Points along the line, every twentieth of a segment, that labels must avoid. */
function alongLine(points: readonly Point[]): Array<{ x: number; y: number }> {
  const line = points.filter(({ className }) => className === 'effort').toSorted((a, b) => a.x - b.x);
  return line.slice(1).flatMap((end, index) => {
    const start = line[index] ?? end;
    return Array.from({ length: 20 }, (_, step) => ({
      x: start.x + ((end.x - start.x) * step) / 20,
      y: start.y + ((end.y - start.y) * step) / 20,
    }));
  });
}

/** 1, 2, 5, 10, … from at or below `low` to at or above `high`. */
function tokenTicks(low: number, high: number): number[] {
  const all = [1, 2, 5].flatMap((digit) => [0, 1, 2, 3, 4, 5].map((power) => digit * 10 ** power));
  const sorted = all.toSorted((a, b) => a - b);
  const from = sorted.findLastIndex((tick) => tick <= low);
  const to = sorted.findIndex((tick) => tick >= high);
  return sorted.slice(Math.max(0, from), to === from ? to + 2 : to + 1);
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

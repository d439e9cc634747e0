import { scaleLinear, scaleLog } from 'd3-scale';
import { useRef } from 'react';
import type { EvaluationArm } from '../../../../src/contracts/service/evaluation.ts';
import { Card } from '../../components/card.tsx';
import { useWidth } from '../../components/use-width.ts';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { accuracyPoints, tokenDomain, tokenTicks } from './accuracy-scale.ts';
import { useArmName } from './arm-name.ts';
import styles from './eval.module.css';
import { labelPlaces } from './label-places.ts';
import { strings } from './strings.ts';

const height = 400;
const margin = { top: 16, right: 24, bottom: 46, left: 46 };

/** A label that leaves the chart room; its title says all of it. */
const shortened = (name: string) => (name.length > 24 ? `${name.slice(0, 23).trimEnd()}…` : name);

/** Accuracy with its interval over the tokens that a question costs; efforts are joined, baselines stand apart. */
export function AccuracyChart({ arms }: { arms: readonly EvaluationArm[] }) {
  const words = useStrings(strings);
  const format = useFormat();
  const nameOf = useArmName();
  const holder = useRef<HTMLDivElement>(null);
  const width = useWidth(holder);
  const points = accuracyPoints(arms);
  const domain = tokenDomain(points);
  const x = scaleLog(domain, [margin.left, Math.max(margin.left + 1, width - margin.right)]);
  const y = scaleLinear([0, 1], [height - margin.bottom, margin.top]);
  const told = points.map((point) =>
    words.pointLabel(
      nameOf(point.arm),
      format.percent(point.value),
      format.percent(point.low),
      format.percent(point.high),
      format.number(Math.round(point.tokens)),
    ),
  );
  const labels = points.map(({ arm, value }) => `${shortened(nameOf(arm))} ${format.percent(value)}`);
  const efforts = points.filter(({ kind }) => kind === 'effort');
  const places = labelPlaces(
    points.map(({ tokens, value, low, high }, at) => ({
      x: x(tokens),
      y: y(value),
      top: y(high),
      bottom: y(low),
      width: labelWidth(labels[at] ?? '', holder.current),
    })),
    { left: margin.left, right: width, top: 0, bottom: height - margin.bottom },
    efforts.map(({ tokens, value }) => ({ x: x(tokens), y: y(value) })),
  );
  const ticks = tokenTicks(domain).filter((tick) => width > 480 || /^[15]/.test(String(tick)));
  return (
    <Card className={styles.card ?? ''}>
      <header>
        <h2>{words.accuracy}</h2>
        <p className={styles.soft}>{words.accuracyLead}</p>
      </header>
      <div ref={holder} className={styles.plot}>
        {width > 0 && (
          <svg width={width} height={height} role="img" aria-label={words.accuracyLabel(told.join('; '))}>
            {y.ticks(5).map((tick) => (
              <g key={tick}>
                <line
                  className={styles.gridline}
                  x1={margin.left}
                  x2={width - margin.right}
                  y1={y(tick)}
                  y2={y(tick)}
                />
                <text className={styles.tick} x={margin.left - 8} y={y(tick)} dy="0.32em" textAnchor="end">
                  {format.percent(tick)}
                </text>
              </g>
            ))}
            {ticks.map((tick) => (
              <g key={tick}>
                <line
                  className={styles.gridline}
                  x1={x(tick)}
                  x2={x(tick)}
                  y1={margin.top}
                  y2={height - margin.bottom}
                />
                <text className={styles.tick} x={x(tick)} y={height - margin.bottom + 18} textAnchor="middle">
                  {format.number(tick)}
                </text>
              </g>
            ))}
            <text
              className={styles.axisName}
              x={(margin.left + width - margin.right) / 2}
              y={height - 6}
              textAnchor="middle"
            >
              {words.tokensAxis}
            </text>
            <path
              className={styles.joined}
              d={efforts.map(({ tokens, value }, at) => `${at === 0 ? 'M' : 'L'}${x(tokens)},${y(value)}`).join(' ')}
            />
            {points.map(({ arm, tokens, value, low, high, kind }, at) => (
              <g key={arm} data-kind={kind} className={styles.point}>
                <title>{told[at]}</title>
                <path
                  d={`M${x(tokens)},${y(low)} V${y(high)} M${x(tokens) - 5},${y(low)} h10 M${x(tokens) - 5},${y(high)} h10`}
                />
                <circle cx={x(tokens)} cy={y(value)} r="5" />
                <text x={places[at]?.x} y={places[at]?.y} textAnchor={places[at]?.anchor}>
                  {labels[at]}
                </text>
              </g>
            ))}
          </svg>
        )}
      </div>
      <ul className={styles.legend}>
        {(['baseline', 'effort', 'variant'] as const)
          .filter((kind) => points.some((point) => point.kind === kind))
          .map((kind) => (
            <li key={kind} data-kind={kind}>
              <i aria-hidden="true" />
              {words.legend[kind]}
            </li>
          ))}
      </ul>
    </Card>
  );
}

let measure: CanvasRenderingContext2D | null = null;

/** px, as eval.module.css has labels; their halo stands out on both sides. */
function labelWidth(label: string, within: Element | null): number {
  measure ??= document.createElement('canvas').getContext('2d');
  if (measure === null || within === null) return 0;
  measure.font = `600 12.5px ${getComputedStyle(within).fontFamily}`;
  return measure.measureText(label).width + 4;
}

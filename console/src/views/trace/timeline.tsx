import { scaleLinear } from 'd3-scale';
import { type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from 'react';
import { Card } from '../../components/card.tsx';
import { useWidth } from '../../components/use-width.ts';
import { useFormat } from '../../i18n/format.ts';
import { activities, phaseNames } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';
import { strings } from './strings.ts';
import { timeTicks } from './time-axis.ts';
import styles from './timeline.module.css';
import { type Timeline as Layout, layoutTimeline, type TimelineBar, type TimelineLane } from './timeline-layout.ts';
import { TokenCurve } from './token-curve.tsx';
import type { TraceSteps } from './trace-steps.ts';

type TimelineProps = {
  trace: TraceSteps;
  /** Epoch ms by the service's clock. */
  now: number;
  /** Tokens. */
  budget: number;
  selected: number | undefined;
  onSelect(index: number): void;
};

/** The steps in time, a lane for each chain, with the tokens so far on the same axis. Bars are buttons: arrows move. */
export function Timeline({ trace, now, budget, selected, onSelect }: TimelineProps) {
  const words = useStrings(strings);
  const names = useStrings(phaseNames);
  const { running } = useStrings(activities);
  const format = useFormat();
  const layout = useMemo(
    () => layoutTimeline(trace.steps, { running: trace.running, now, decoded: trace.decoded }),
    [trace, now],
  );
  const [pointed, setPointed] = useState<number>();
  const bars = useRef(new Map<number, HTMLButtonElement>());
  const span = Math.max(1, layout.span);
  const place = scaleLinear([0, span], [0, 100]);
  const holder = useRef<HTMLDivElement>(null);
  const ticks = timeTicks(span, useWidth(holder), format.duration);
  const order = layout.lanes.flatMap((lane) => lane.bars.map((bar) => bar.index));
  const focusable = selected !== undefined && order.includes(selected) ? selected : order[0];

  const point = (event: PointerEvent<HTMLDivElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setPointed(Math.min(1, Math.max(0, (event.clientX - left) / width)));
  };
  const move = (event: KeyboardEvent, index: number) => {
    const to = neighbour(layout.lanes, index, event.key);
    if (to === undefined) return;
    event.preventDefault();
    onSelect(to);
    bars.current.get(to)?.focus();
  };
  const laneName = (lane: TimelineLane) =>
    lane.kind === 'chain' ? words.lanes.chain((lane.sample ?? 0) + 1) : words.lanes[lane.kind];
  const barName = (lane: TimelineLane, bar: TimelineBar) =>
    words.barLabel(
      laneName(lane),
      names[bar.phase],
      bar.running ? running : format.duration(bar.end - bar.start),
      format.number(bar.tokens),
      bar.verdict === 'abstain' ? '' : words.verdicts[bar.verdict],
    );
  const readout =
    pointed === undefined
      ? words.timelineHint
      : words.at(format.duration(pointed * span), format.number(Math.round(tokensAt(layout, pointed * span))));
  return (
    <Card className={styles.card ?? ''}>
      <header className={styles.head}>
        <h2>{words.timeline}</h2>
        <span className={styles.readout}>{readout}</span>
      </header>
      <section
        className={styles.chart}
        aria-label={words.timelineLabel(format.duration(layout.span), format.number(layout.tokens))}
      >
        <div className={styles.names} aria-hidden="true">
          {layout.lanes.map((lane) => (
            <span key={lane.key}>{laneName(lane)}</span>
          ))}
          <span className={styles.curveName}>{words.cumulative}</span>
        </div>
        <div ref={holder} className={styles.plot} onPointerMove={point} onPointerLeave={() => setPointed(undefined)}>
          <div className={styles.grid} aria-hidden="true">
            {ticks.map(({ at }) => (
              <i key={at} style={{ left: `${place(at)}%` }} />
            ))}
          </div>
          {layout.lanes.map((lane) => (
            <div key={lane.key} className={styles.lane} data-name={laneName(lane)}>
              {lane.bars.map((bar) => (
                <button
                  key={bar.index}
                  type="button"
                  ref={(element) => {
                    if (element === null) bars.current.delete(bar.index);
                    else bars.current.set(bar.index, element);
                  }}
                  className={styles.bar}
                  data-phase={bar.phase}
                  data-verdict={bar.verdict}
                  data-running={bar.running}
                  data-instant={bar.end - bar.start < span * 0.004}
                  data-tokens={bar.tokens > 0 && (bar.end - bar.start) / span > 0.05 ? format.number(bar.tokens) : ''}
                  aria-label={barName(lane, bar)}
                  aria-pressed={bar.index === selected}
                  title={barName(lane, bar)}
                  tabIndex={bar.index === focusable ? 0 : -1}
                  style={{ left: `${place(bar.start)}%`, width: `${place(bar.end) - place(bar.start)}%` }}
                  onClick={() => onSelect(bar.index)}
                  onKeyDown={(event) => move(event, bar.index)}
                />
              ))}
            </div>
          ))}
          <TokenCurve layout={layout} budget={budget} span={span} />
          {pointed !== undefined && (
            <i className={styles.crosshair} aria-hidden="true" style={{ left: `${pointed * 100}%` }} />
          )}
        </div>
        <div className={styles.axis} aria-hidden="true">
          {ticks.map((tick) => (
            <span key={tick.at} style={{ left: tick.left }}>
              {tick.words}
            </span>
          ))}
        </div>
      </section>
      <ul className={styles.legend}>
        {phasesOf(layout).map((phase) => (
          <li key={phase}>
            <i data-phase={phase} aria-hidden="true" />
            {names[phase]}
          </li>
        ))}
        <li>
          <i data-verdict="fail" aria-hidden="true" />
          {words.verdicts.fail}
        </li>
        <li>
          <i data-verdict="pass" aria-hidden="true" />
          {words.verdicts.pass}
        </li>
      </ul>
    </Card>
  );
}

function phasesOf({ lanes }: Layout): TimelineBar['phase'][] {
  return [...new Set(lanes.flatMap((lane) => lane.bars.map((bar) => bar.phase)))];
}

/** Tokens decoded up to a moment: between two corners they come evenly. */
function tokensAt({ spent }: Layout, moment: number): number {
  const after = spent.find(({ at }) => at >= moment);
  const before = spent.findLast(({ at }) => at <= moment);
  if (after === undefined || before === undefined || after.at === before.at) return (before ?? after)?.tokens ?? 0;
  return before.tokens + ((after.tokens - before.tokens) * (moment - before.at)) / (after.at - before.at);
}

/** Left and right within a lane, up and down to the bar of the next lane that begins nearest. */
function neighbour(lanes: readonly TimelineLane[], index: number, key: string): number | undefined {
  const row = lanes.findIndex((lane) => lane.bars.some((bar) => bar.index === index));
  const lane = lanes[row];
  const at = lane?.bars.findIndex((bar) => bar.index === index) ?? -1;
  if (lane === undefined) return undefined;
  switch (key) {
    case 'ArrowLeft':
      return lane.bars[at - 1]?.index;
    case 'ArrowRight':
      return lane.bars[at + 1]?.index;
    case 'Home':
      return lane.bars[0]?.index;
    case 'End':
      return lane.bars.at(-1)?.index;
    case 'ArrowUp':
    case 'ArrowDown': {
      const from = lane.bars[at]?.start ?? 0;
      const other = lanes[row + (key === 'ArrowUp' ? -1 : 1)];
      return other?.bars.toSorted((a, b) => Math.abs(a.start - from) - Math.abs(b.start - from))[0]?.index;
    }
    default:
      return undefined;
  }
}

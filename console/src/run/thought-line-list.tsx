import { Fragment, memo } from 'react';
import { useServiceSentence } from '../i18n/service-sentences.ts';
import { ComputedText } from './computed-text.tsx';
import styles from './run.module.css';
import type { ThoughtLine, ThoughtStep } from './thought-lines.ts';
import { callOfStep } from './tool-calls.ts';
import { ToolCard } from './tool-card.tsx';

const none: ReadonlySet<number> = new Set();

/**
 * Lines of a thought: a wrong one struck through where it stands with the reason behind it, computed values in their colour;
 * calls of tools as cards between them.
 */
export function ThoughtLineList({
  lines,
  calls = [],
  running = none,
}: Pick<ThoughtStep, 'lines'> &
  Partial<ThoughtStep> & {
    /** Indices of the steps that still run. */
    running?: ReadonlySet<number>;
  }) {
  if (lines.length === 0 && calls.length === 0) return null;
  const first = lines[0]?.number ?? Number.POSITIVE_INFINITY;
  const last = lines.at(-1)?.number ?? Number.NEGATIVE_INFINITY;
  const cards = (isHere: (after: number) => boolean) =>
    calls.flatMap(({ step, after }) => {
      const call = isHere(after) ? callOfStep(step, { running: running.has(step.index) }) : undefined;
      return call === undefined ? [] : [<ToolCard key={`call-${step.index}`} call={call} />];
    });
  return (
    <div className={styles.lines}>
      {cards((after) => after < first)}
      {lines.map((line, index) => {
        const next = lines[index + 1]?.number ?? Number.POSITIVE_INFINITY;
        return (
          <Fragment key={line.number}>
            <Line line={line} spans={JSON.stringify(line.computed)} />
            {cards((after) => after >= line.number && after < next && after <= last)}
          </Fragment>
        );
      })}
      {cards((after) => after > last && after >= first)}
    </div>
  );
}

const Line = memo(
  function Line({ line }: { line: ThoughtLine; spans: string }) {
    const inWords = useServiceSentence();
    const text = <ComputedText text={line.text} computed={line.computed} />;
    if (line.struck === undefined) {
      return (
        <p dir="auto" className={line.dropped ? styles.dropped : undefined}>
          {text}
        </p>
      );
    }
    return (
      <p dir="auto">
        <del>{text}</del> <span className={styles.why}>{inWords(line.struck)}</span>
      </p>
    );
  },
  (before, after) =>
    before.line.text === after.line.text &&
    before.line.struck === after.line.struck &&
    before.line.dropped === after.line.dropped &&
    before.spans === after.spans,
);

import { memo } from 'react';
import { ComputedText } from './computed-text.tsx';
import styles from './run.module.css';
import type { ThoughtLine } from './thought-lines.ts';

/** Lines of a thought: a wrong one struck through where it stands with the reason behind it, computed values in their colour. */
export function ThoughtLineList({ lines }: { lines: readonly ThoughtLine[] }) {
  if (lines.length === 0) return null;
  return (
    <div className={styles.lines}>
      {lines.map((line) => (
        <Line key={line.number} line={line} spans={JSON.stringify(line.computed)} />
      ))}
    </div>
  );
}

const Line = memo(
  function Line({ line }: { line: ThoughtLine; spans: string }) {
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
        <del>{text}</del> <span className={styles.why}>{line.struck}</span>
      </p>
    );
  },
  (before, after) =>
    before.line.text === after.line.text &&
    before.line.struck === after.line.struck &&
    before.line.dropped === after.line.dropped &&
    before.spans === after.spans,
);

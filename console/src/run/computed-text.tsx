import { Fragment } from 'react';
import { useStrings } from '../i18n/strings.ts';
import styles from './computed-text.module.css';
import { runStrings } from './run.strings.ts';
import type { ComputedSpan } from './thought-lines.ts';

/** A part of a line: `changed` where it stands in another one's place. */
type Piece = { from: number; text: string; expression: string | undefined; changed: boolean };

/** A line of a thought with its computed values marked, each with its expression, and the part that was changed. */
export function ComputedText({
  text,
  computed,
  changed,
}: {
  text: string;
  computed: readonly ComputedSpan[];
  changed?: readonly [from: number, to: number] | undefined;
}) {
  if (text === '') return ' ';
  return piecesOf(text, computed, changed).map((piece) => {
    const Around = piece.changed ? 'ins' : Fragment;
    return (
      <Around key={piece.from}>
        <PieceText piece={piece} />
      </Around>
    );
  });
}

function PieceText({ piece: { text, expression } }: { piece: Piece }) {
  const words = useStrings(runStrings);
  if (expression === undefined) return text;
  return (
    <span className={styles.computed} title={words.computedFrom(expression)}>
      {text}
    </span>
  );
}

/** What the marks of `ComputedText` mean. */
export function ComputedLegend() {
  const words = useStrings(runStrings);
  return (
    <p className={styles.legend}>
      <span className={styles.computed}>{words.computedSample}</span>
      {words.computedLegend}
    </p>
  );
}

function piecesOf(
  text: string,
  computed: readonly ComputedSpan[],
  changed: readonly [from: number, to: number] = [0, 0],
): Piece[] {
  const edges = [0, text.length, ...changed, ...computed.flatMap(({ from, to }) => [from, to])];
  const sorted = [...new Set(edges)].filter((edge) => edge <= text.length).sort((one, other) => one - other);
  return sorted.slice(0, -1).map((from, index) => ({
    from,
    text: text.slice(from, sorted[index + 1]),
    expression: computed.find((span) => span.from <= from && from < span.to)?.expression,
    changed: changed[0] <= from && from < changed[1],
  }));
}

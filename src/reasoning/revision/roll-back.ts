import { isTakeBack } from '../../checks/thought-lines.ts';
import type { ThoughtSegment } from '../../core/language-model.ts';

export type RolledBack = {
  /** Cut after the wrong line, which stays; the correction sentence follows on a line of its own (arXiv 2507.02778). */
  corrected: ThoughtSegment[];
  /** Cut before it. */
  before: ThoughtSegment[];
  wrongLine: string;
};

/**
 * A thought cut at its line `line` (from 0), in both ways. Segments that are kept whole keep their token ids, so their KV
 * can be reused. If the line is itself a correction and is wrong again, it is removed: one correction is enough. Undefined if
 * the thought has no such line.
 */
export function rollBack(
  segments: readonly ThoughtSegment[],
  at: { line: number; correction: string; wrong: string },
): RolledBack | undefined {
  const lines = segments
    .map((segment) => segment.text)
    .join('')
    .split('\n');
  const wrongLine = lines[at.line];
  if (wrongLine === undefined) return undefined;
  const startOf = (line: number): number => lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, 0);
  const start = startOf(at.line);
  if (isTakeBack(lines[at.line - 1] ?? '')) {
    // The line that the correction is about: what the second try replaces.
    const first = Math.max(0, at.line - 2);
    return { corrected: cutSegments(segments, start), before: cutSegments(segments, startOf(first)), wrongLine };
  }
  const sentence = at.correction.replaceAll('{{wrong}}', at.wrong).trim();
  const corrected = cutSegments(segments, start + wrongLine.length);
  return {
    corrected: [...corrected, { text: `\n${sentence}\n`, fed: true }],
    before: cutSegments(segments, start),
    wrongLine,
  };
}

/** The first `end` characters. Text that was inserted earlier is counted already, so it is no longer marked. */
export function cutSegments(segments: readonly ThoughtSegment[], end: number): ThoughtSegment[] {
  const kept: ThoughtSegment[] = [];
  let from = 0;
  for (const { text, tokenIds, expression } of segments) {
    const room = end - from;
    if (room <= 0) break;
    const whole = text.length <= room;
    const known = { ...(tokenIds && { tokenIds }), ...(expression !== undefined && { expression }) };
    kept.push(whole ? { text, ...known } : { text: text.slice(0, room) });
    from += text.length;
  }
  return kept;
}

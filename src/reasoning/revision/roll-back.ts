import { isTakeBack } from '../../checks/thought-lines.ts';
import type { ThoughtSegment } from '../../core/language-model.ts';

export type RolledBack = {
  /** Cut behind the wrong line, the correction sentence on a line of its own (arXiv 2507.02778): the wrong line stays. */
  corrected: ThoughtSegment[];
  /** Cut before it. */
  before: ThoughtSegment[];
  wrongLine: string;
};

/**
 * A thought taken back to its line `line` (from 0), in both ways. Pieces that are kept whole keep their token ids, so
 * their KV can be kept too. A line that was to put another right and is wrong again goes itself: one correction is enough.
 * Undefined where the thought has no such line.
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

/** The first `end` characters. What was fed before is history then: it is counted already. */
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

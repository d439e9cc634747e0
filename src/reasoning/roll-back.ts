import type { ThoughtSegment } from '../models/language-model.ts';
import { isTakeBack } from './checks/thought-lines.ts';

/**
 * A thought cut behind its line `line` (from 0), then the family's correction sentence on a line of its own: the wrong
 * line stays, since models learn corrections after the mistake (arXiv 2507.02778). Pieces that are kept whole keep their
 * token ids, so their KV can be kept too. A line that was to put another right and is wrong again goes itself: one
 * correction is enough. Undefined where the thought has no such line.
 */
export function rollBack(
  segments: readonly ThoughtSegment[],
  at: { line: number; correction: string; wrong: string },
): ThoughtSegment[] | undefined {
  const text = segments.map((segment) => segment.text).join('');
  const again = isTakeBack(text.split('\n')[at.line - 1] ?? '');
  const behind = lineEnd(text, again ? at.line - 1 : at.line);
  if (behind === undefined) return undefined;
  const end = again ? behind + 1 : behind;
  const kept: ThoughtSegment[] = [];
  let from = 0;
  for (const segment of segments) {
    const room = end - from;
    if (room <= 0) break;
    // What was fed before is history now: it is counted already.
    if (segment.text.length <= room) kept.push(segment.fed === true ? withoutFed(segment) : segment);
    else kept.push({ text: segment.text.slice(0, room) });
    from += segment.text.length;
  }
  if (again) return kept;
  const sentence = at.correction.replaceAll('{{wrong}}', at.wrong).trim();
  kept.push({ text: `\n${sentence}\n`, fed: true });
  return kept;
}

function withoutFed(segment: ThoughtSegment): ThoughtSegment {
  return segment.tokenIds === undefined ? { text: segment.text } : { text: segment.text, tokenIds: segment.tokenIds };
}

/** Where the line ends, its line feed not included. */
function lineEnd(text: string, line: number): number | undefined {
  let from = 0;
  for (let number = 0; number < line; number += 1) {
    const feed = text.indexOf('\n', from);
    if (feed === -1) return undefined;
    from = feed + 1;
  }
  const feed = text.indexOf('\n', from);
  return feed === -1 ? text.length : feed;
}

import type { AnswerVerdict } from '../../contracts/responses/answer-verdict.ts';
import type { Paint } from '../terminal.ts';

/** `agreed: 2 of 3 chains, 83 % likely right`. The mark is for answers that a caller's check has confirmed, and for no other. */
export function verdictLine(verdict: AnswerVerdict, paint: Paint): string {
  const { kind, because, agreement, probability } = verdict;
  const why =
    kind === 'agreed' && agreement !== null
      ? `${agreement.agree} of ${agreement.of} chains`
      : because.replace(/\.$/, '');
  const likely = probability === null ? '' : `, ${percent(probability)} % likely right`;
  return paintOf(verdict, paint)(`${kind === 'verified' ? '✓ ' : ''}${kind}: ${why}${likely}`);
}

/** In the colour of its kind: `agreed 83 %`. */
export function shortVerdict(verdict: AnswerVerdict, paint: Paint): string {
  const { kind, probability } = verdict;
  const mark = kind === 'verified' ? '✓ ' : '';
  return paintOf(verdict, paint)(`${mark}${kind}${probability === null ? '' : ` ${percent(probability)} %`}`);
}

/** No answer is as good as certain. */
function percent(probability: number): number {
  return Math.min(99, Math.max(1, Math.round(100 * probability)));
}

function paintOf({ kind }: AnswerVerdict, paint: Paint): (text: string) => string {
  switch (kind) {
    case 'verified':
      return paint.green;
    case 'agreed':
      return paint.cyan;
    case 'single':
      return paint.dim;
    case 'unsure':
      return paint.yellow;
    default:
      return kind satisfies never;
  }
}

import type { IncompleteReason } from '../../contracts/responses/reasoning.ts';
import type { StrategyOutcome } from '../strategy.ts';
import type { Sample } from './sample.ts';

/** How a chosen sample's answer ended: cut, at a stop text, or by itself. */
export function answerEnd({
  finish,
  answer,
}: Pick<Sample, 'finish' | 'answer'>): Pick<StrategyOutcome, 'incomplete' | 'stopText'> {
  const incomplete = cutBy(finish);
  return {
    ...(incomplete === undefined ? {} : { incomplete }),
    ...(answer.stopText === undefined ? {} : { stopText: answer.stopText }),
  };
}

/** Why an answer did not come to its own end; undefined where it did. */
export function cutBy(finish: Sample['finish']): IncompleteReason | undefined {
  if (finish === 'length') return 'max_output_tokens';
  return finish === 'deadline' || finish === 'loop' ? finish : undefined;
}

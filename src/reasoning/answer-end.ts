import type { Sample } from './sample.ts';
import type { StrategyOutcome } from './strategy.ts';

/** How a chosen sample's answer ended: cut, at a stop text, or by itself. */
export function answerEnd({
  finish,
  answer,
}: Pick<Sample, 'finish' | 'answer'>): Pick<StrategyOutcome, 'incomplete' | 'stopText'> {
  return {
    ...(finish === 'length' ? { incomplete: 'max_output_tokens' } : {}),
    ...(answer.stopText === undefined ? {} : { stopText: answer.stopText }),
  };
}

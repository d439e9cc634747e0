import type { EffortTable } from '../../contracts/service/effort-table.ts';
import { counted } from './figures.ts';

/** Where what a model's efforts spend comes from: its own measurements, or nobody's. */
export function effortTableText({ model, calibrated }: EffortTable): string {
  return calibrated === null
    ? `the defaults; \`thinkfirst calibrate --model ${model}\` measures its own`
    : `calibrated ${calibrated.at.slice(0, 10)} on ${counted(calibrated.questions, 'question')}`;
}

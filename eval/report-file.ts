import type { ArmSummary } from './summary.ts';

/** `report.json`, as the console's Eval view reads it. The date is in it, since a file's own is lost when it is copied. */
export function reportFile(report: {
  set: string;
  model: string;
  concurrency: number;
  measuredAt: Date;
  arms: readonly ArmSummary[];
}): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

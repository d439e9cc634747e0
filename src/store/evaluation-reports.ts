import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { Estimate, type Evaluation, PairedDifference } from '../contracts/service/evaluation.ts';

const count = z.int().nonnegative();

/** The format of `report.json`, as written by `npm run eval`. */
const ReportFile = z.object({
  set: z.string(),
  model: z.string(),
  concurrency: z.int().positive(),
  /**
   * Missing in reports of earlier versions. The file's time cannot replace it: after cloning it is the time of the
   * clone.
   */
  measuredAt: z.iso.datetime({ offset: true }).optional(),
  /** The release that included this report; missing in your own runs. */
  cameWith: z.string().optional(),
  arms: z
    .array(
      z.object({
        arm: z.string(),
        questions: count,
        right: count,
        accuracy: Estimate,
        againstFast: PairedDifference.optional(),
        againstGreedy: PairedDifference.optional(),
        outputTokens: z.number(),
        thinkingTokens: z.number(),
        seconds: z.number(),
        secondsMedian: z.number(),
        kinds: z.record(z.string(), z.object({ right: count, questions: count })),
        phases: z.array(
          z.object({ phase: z.string(), questions: count, right: count, wrongToRight: count, rightToWrong: count }),
        ),
      }),
    )
    .min(1),
});
type ReportFile = z.infer<typeof ReportFile>;

/** A larger file is not a report. Bytes. */
const maxBytes = 4_194_304;

/**
 * Reads the evaluation reports again at each call, newest first: `*.json` in `results`, and `report.json` in each
 * folder of `runs`. Files that are not reports are skipped and passed to `onFault`; a missing folder counts as empty.
 * An id shows the source of a report: `run-…` for `runs`, any other for `results`.
 */
export function createEvaluationReports(options: {
  results: string;
  runs: string;
  onFault(fault: { file: string; reason: string }): void;
}): () => Promise<Evaluation[]> {
  const { results, runs, onFault } = options;
  return async () => {
    const kept = (await names(results)).filter((name) => name.endsWith('.json')).map((name) => join(results, name));
    const own = (await names(runs)).map((name) => join(runs, name, 'report.json'));
    const found = await Promise.all([...kept, ...own].map((file) => read(file)));
    return found.flatMap((one) => one ?? []).sort((one, other) => (other.created_at ?? 0) - (one.created_at ?? 0));
  };

  async function read(file: string): Promise<Evaluation | undefined> {
    try {
      const facts = await stat(file).catch(() => undefined);
      if (facts === undefined || !facts.isFile()) return undefined;
      if (facts.size > maxBytes) throw new Error(`larger than ${maxBytes} bytes`);
      const report = ReportFile.parse(JSON.parse(await readFile(file, 'utf8')));
      return evaluation(report, idOf(file));
    } catch (error) {
      const reason =
        error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : 'unreadable';
      onFault({ file, reason });
      return undefined;
    }
  }
}

function idOf(file: string): string {
  return basename(file) === 'report.json' ? `run-${basename(dirname(file))}` : basename(file, '.json');
}

function evaluation({ arms, set, model, concurrency, measuredAt, cameWith }: ReportFile, id: string): Evaluation {
  return {
    id,
    object: 'evaluation',
    created_at: measuredAt === undefined ? null : Math.floor(Date.parse(measuredAt) / 1000),
    came_with: cameWith ?? null,
    set,
    model,
    concurrency,
    arms: arms.map((arm) => ({
      arm: arm.arm,
      questions: arm.questions,
      right: arm.right,
      accuracy: arm.accuracy,
      against_fast: arm.againstFast ?? null,
      against_greedy: arm.againstGreedy ?? null,
      output_tokens: arm.outputTokens,
      thinking_tokens: arm.thinkingTokens,
      seconds: arm.seconds,
      seconds_median: arm.secondsMedian,
      kinds: Object.entries(arm.kinds).map(([kind, score]) => ({ kind, ...score })),
      phases: arm.phases.map(({ phase, questions, right, wrongToRight, rightToWrong }) => ({
        phase,
        questions,
        right,
        wrong_to_right: wrongToRight,
        right_to_wrong: rightToWrong,
      })),
    })),
  };
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

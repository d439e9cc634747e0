import type { ServerToolParam } from '../contracts/responses/tool-param.ts';
import type { TraceStep } from '../contracts/responses/trace.ts';
import type { EffortTable } from '../contracts/service/effort-table.ts';
import type { PaceBook } from '../contracts/service/pace.ts';
import type { LanguageModel } from '../core/language-model.ts';
import type { Strategy } from '../reasoning/strategy.ts';
import type { SummaryMode } from '../reasoning/summary.ts';
import type { ServerTools } from '../tools/call-tools.ts';
import type { OpenTool } from '../tools/server-tool.ts';

export type WorkerDependencies = {
  models: ReadonlyMap<string, LanguageModel>;
  strategies: ReadonlyMap<string, Strategy>;
  effortTable(model: string): EffortTable;
  /** What `reasoning.summary` asks for: a part for a step that has ended, after those `before`. Undefined: nothing to tell. */
  summarise(step: TraceStep, about: { before: readonly TraceStep[]; mode: SummaryMode }): string | undefined;
  /** Thoughts as a client may carry them: unreadable, and taken back from their owner alone. Absent: none are sealed. */
  seal?(thought: string, owner: string | null): string;
  /** What `seal` made, readable again; absent: nothing is. */
  unseal?(sealed: string, owner: string | null): string | undefined;
  /** Prepares a tool that the service runs itself; undefined for one that this worker doesn't have. */
  openTool?(entry: ServerToolParam, options: { signal: AbortSignal }): Promise<OpenTool | undefined>;
  observeTool?: ServerTools['observe'];
  /** The owner as caches know it: can't be guessed from a key's id. Absent: no response shares a cache with another call. */
  cacheOwner?(owner: string | null): string;
  /** How long responses took so far; absent: the time that is left is unknown. */
  pace?: PaceBook;
  /** Epoch ms. */
  now(): number;
  log: WorkerLog;
};

type WorkerLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

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
  /** The part of the summary for a step that has ended, after the steps `before`. Undefined: the step adds nothing. */
  summarise(step: TraceStep, about: { before: readonly TraceStep[]; mode: SummaryMode }): string | undefined;
  /** Encrypts a thought that a client carries; only its owner can send it back. Absent: thoughts are not encrypted. */
  seal?(thought: string, owner: string | null): string;
  /** Decrypts what `seal` encrypted. Absent: nothing can be decrypted. */
  unseal?(sealed: string, owner: string | null): string | undefined;
  /** Prepares a tool that the service runs itself; undefined if this worker does not have the tool. */
  openTool?(entry: ServerToolParam, options: { signal: AbortSignal }): Promise<OpenTool | undefined>;
  observeTool?: ServerTools['observe'];
  /** The owner's name in caches, which cannot be guessed from a key's id. Absent: responses share no cache with other calls. */
  cacheOwner?(owner: string | null): string;
  /** How long responses took so far. Absent: the remaining time is unknown. */
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

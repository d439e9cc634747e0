import { z } from 'zod';
import { Progress } from './reasoning.ts';

export const TerminalStatus = z.enum(['completed', 'incomplete', 'failed', 'cancelled']);
export type TerminalStatus = z.infer<typeof TerminalStatus>;

export const JobStatus = z.enum(['queued', 'in_progress', ...TerminalStatus.options]);
export type JobStatus = z.infer<typeof JobStatus>;

export const ServiceTier = z.enum(['flex', 'default', 'priority']);
export type ServiceTier = z.infer<typeof ServiceTier>;

/** What the queue knows about a job. `body` is JSON that only API and worker interpret (contracts/response-job.ts). */
export const Job = z.object({
  /** Version of the payload: newer workers read older ones. */
  version: z.literal(1),
  /** `resp_…`; also BullMQ's job id, so adding the same id twice gives one job. */
  id: z.string(),
  model: z.string(),
  tier: ServiceTier,
  /** Epoch ms of acceptance. */
  createdAt: z.number(),
  /** The key that owns it; null without keys. */
  owner: z.string().nullable(),
  /** False: response, events and trace are removed 10 minutes after the end. */
  store: z.boolean(),
  /** A webhook is sent when it ends. */
  notify: z.boolean().exactOptional(),
  body: z.record(z.string(), z.unknown()),
});
export type Job = z.infer<typeof Job>;

/**
 * One line of a job's log. `wire` lines are the OpenAI events that clients see, `trace` lines the reasoning steps; each
 * stream is numbered separately, without gaps. The wire line with `terminal` is the commit: nothing follows it.
 */
export const LogLine = z.object({
  stream: z.enum(['wire', 'trace']),
  number: z.int().nonnegative(),
  terminal: TerminalStatus.optional(),
  data: z.record(z.string(), z.unknown()),
});
export type LogLine = z.infer<typeof LogLine>;

export const JobSnapshot = z.object({
  job: Job,
  status: JobStatus,
  progress: Progress.optional(),
  /** 0 is next; only while queued. */
  queuePosition: z.int().nonnegative().optional(),
  /** `data` of the terminal line, if there is one. */
  terminal: LogLine.optional(),
  attempts: z.int().nonnegative(),
});
export type JobSnapshot = z.infer<typeof JobSnapshot>;

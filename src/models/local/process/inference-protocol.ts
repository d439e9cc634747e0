import { z } from 'zod';
import { Prompt } from '../../../contracts/responses/prompt.ts';
import { type ErrorCode, errorCodes, ServiceError } from '../../../contracts/service/service-error.ts';
import type { LanguageModel, ModelEvent, ScoreResult } from '../../../core/language-model.ts';
import {
  CapabilitiesMessage,
  GenerateRequestMessage,
  ModelEventMessage,
  ScoreRequestMessage,
  ScoreResultMessage,
} from '../../../core/model-messages.ts';

/** The messages between the worker and its inference process: JSON over node's IPC channel, each parsed where it arrives. */
const call = z.int().nonnegative();
const model = z.string();

/** A local model as the inference process loads it. */
export const HostedModel = z.object({ id: z.string(), path: z.string(), family: z.string().exactOptional() });
export type HostedModel = z.infer<typeof HostedModel>;

export const ErrorMessage = z.object({
  code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  param: z.string().exactOptional(),
  retryable: z.boolean(),
  /** For the log alone: what an error of another kind said. */
  detail: z.string().exactOptional(),
});
export type ErrorMessage = z.infer<typeof ErrorMessage>;

/** A decode loop: `batches` are steps since the last report by their rows (`[with 1 row, with 2, …]`), the rest is as of now. */
export const ModelLoad = z.object({
  id: z.string(),
  batches: z.array(z.int().nonnegative()),
  running: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  kvUsedBytes: z.number().nonnegative(),
  kvCapacityBytes: z.number().nonnegative(),
});
export type ModelLoad = z.infer<typeof ModelLoad>;

export const ToInference = z.discriminatedUnion('type', [
  /** The first message: what to load. `kvMegabytes` caps the KV cache, of numbers of `kvBits`. */
  z.object({
    type: z.literal('start'),
    models: z.array(HostedModel).min(1),
    threads: z.int().positive(),
    kvMegabytes: z.int().positive(),
    kvBits: z.literal([8, 32]),
  }),
  z.object({ type: z.literal('generate'), call, model, request: GenerateRequestMessage }),
  z.object({ type: z.literal('score'), call, model, request: ScoreRequestMessage }),
  z.object({ type: z.literal('count'), call, model, prompt: Prompt, thinking: z.boolean() }),
  /** A response has ended: its thoughts leave the cache. */
  z.object({ type: z.literal('forget'), call, model, response: z.string() }),
  z.object({ type: z.literal('abort'), call }),
  z.object({ type: z.literal('answer-now'), call }),
  /** One `events` message was read: the next may be sent. */
  z.object({ type: z.literal('read') }),
  z.object({ type: z.literal('close') }),
]);
export type ToInference = z.infer<typeof ToInference>;

export const FromInference = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    models: z.array(z.object({ id: z.string(), contextLength: z.int().positive(), capabilities: CapabilitiesMessage })),
    /** ms from the process's start. */
    startMs: z.number(),
    residentBytes: z.number(),
  }),
  z.object({ type: z.literal('start-failed'), error: ErrorMessage }),
  /** One line for the log. */
  z.object({ type: z.literal('warning'), message: z.string() }),
  /** All events of one turn of the event loop: of one decode step. */
  z.object({
    type: z.literal('events'),
    calls: z.array(z.object({ call, events: z.array(ModelEventMessage) })),
  }),
  z.object({
    type: z.literal('done'),
    call,
    score: ScoreResultMessage.exactOptional(),
    tokens: z.int().exactOptional(),
  }),
  /** `thinking`: of an aborted call, the tokens that its rows have sampled. */
  z.object({ type: z.literal('failed'), call, error: ErrorMessage, thinking: z.int().nonnegative().exactOptional() }),
  /** While it works, every 10 s, and when it falls idle: decoded tokens and the time that had calls in it, since the last one. */
  z.object({
    type: z.literal('stats'),
    tokens: z.int(),
    busyMs: z.number(),
    residentBytes: z.number(),
    models: z.array(ModelLoad),
  }),
]);
export type FromInference = z.infer<typeof FromInference>;

/** The same as its sender has it: the port's own objects, whose lists are readonly. */
export type SentByInference =
  | Exclude<FromInference, { type: 'events' | 'done' | 'ready' }>
  | { type: 'ready'; models: readonly ModelSummary[]; startMs: number; residentBytes: number }
  | { type: 'events'; calls: ReadonlyArray<{ call: number; events: readonly ModelEvent[] }> }
  | { type: 'done'; call: number; score?: ScoreResult; tokens?: number };

export type ModelSummary = Pick<LanguageModel, 'id' | 'contextLength' | 'capabilities'>;

/** What crosses of an error: a ServiceError whole, of anything else only that there was one. */
export function errorMessage(error: unknown): ErrorMessage {
  if (error instanceof ServiceError) {
    const { code, message, param, retryable } = error;
    return { code, message, retryable, ...(param !== undefined && { param }) };
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'server_error', message: 'The model failed.', retryable: true, detail };
}

export function serviceError({ code, message, param, retryable }: ErrorMessage): ServiceError {
  return new ServiceError({ code, message, retryable, ...(param !== undefined && { param }) });
}

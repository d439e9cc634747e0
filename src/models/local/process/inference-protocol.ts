import { z } from 'zod';
import { Prompt } from '../../../contracts/responses/prompt.ts';
import { type ErrorCode, errorCodes, ServiceError } from '../../../contracts/service/service-error.ts';
import { InferenceReport } from '../../../core/inference-report.ts';
import {
  GenerateRequest,
  ModelCapabilities,
  ModelEvent,
  ScoreRequest,
  ScoreResult,
} from '../../../core/language-model.ts';
import { ModelSource } from '../folder/model-files.ts';

/** The most unread `events` messages; beyond that, the inference process keeps events, and models wait until they are read. */
export const eventWindow = 16;

/** The messages between the worker and its inference process: JSON over node's IPC channel, each parsed where it arrives. */
const call = z.int().nonnegative();
const model = z.string();

/** A model that the process has loaded: what the port says of it. */
export const ModelSummary = z.object({
  id: z.string(),
  contextLength: z.int().positive(),
  capabilities: ModelCapabilities,
});
export type ModelSummary = z.infer<typeof ModelSummary>;

export const ErrorMessage = z.object({
  code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  param: z.string().exactOptional(),
  retryable: z.boolean(),
  /** For the log alone: what an error of another kind said. */
  detail: z.string().exactOptional(),
});
export type ErrorMessage = z.infer<typeof ErrorMessage>;

export const ToInference = z.discriminatedUnion('type', [
  /** The first message: what to load. `kvMegabytes` caps the KV cache, of numbers of `kvBits`. */
  z.object({
    type: z.literal('start'),
    models: z.array(ModelSource).min(1).readonly(),
    threads: z.int().positive(),
    kvMegabytes: z.int().positive(),
    kvBits: z.literal([8, 32]),
    /** False: GGUF models leave the graphics card alone. */
    gpu: z.boolean().exactOptional(),
  }),
  z.object({ type: z.literal('generate'), call, model, request: GenerateRequest }),
  z.object({ type: z.literal('score'), call, model, request: ScoreRequest }),
  z.object({ type: z.literal('count'), call, model, prompt: Prompt, thinking: z.boolean() }),
  /** A response has ended: its thoughts leave the cache. */
  z.object({ type: z.literal('forget'), call, model, response: z.string() }),
  z.object({ type: z.literal('abort'), call }),
  z.object({ type: z.literal('answer-now'), call }),
  /** So many more `events` messages were read: as many may be sent. */
  z.object({ type: z.literal('read'), messages: z.int().positive() }),
  z.object({ type: z.literal('close') }),
]);
export type ToInference = z.infer<typeof ToInference>;

type WithoutNumber<Message> = Message extends { call: number; model: string } ? Omit<Message, 'call'> : never;
/** A call to a model; its number is the connection's. */
export type InferenceCall = WithoutNumber<ToInference>;

export const FromInference = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    models: z.array(ModelSummary).readonly(),
    /** ms from the process's start. */
    startMs: z.number(),
    residentBytes: z.number(),
  }),
  /** What it loads now: a crash of native code can't say it afterwards. */
  z.object({ type: z.literal('loading'), model }),
  z.object({ type: z.literal('start-failed'), error: ErrorMessage }),
  /** One line for the log. */
  z.object({ type: z.literal('warning'), message: z.string() }),
  /** All events of one turn of the event loop: of one decode step. */
  z.object({
    type: z.literal('events'),
    calls: z.array(z.object({ call, events: z.array(ModelEvent).readonly() })).readonly(),
  }),
  z.object({
    type: z.literal('done'),
    call,
    score: ScoreResult.exactOptional(),
    tokens: z.int().exactOptional(),
  }),
  /** `thinking`: of an aborted call, the tokens that its rows have sampled. */
  z.object({ type: z.literal('failed'), call, error: ErrorMessage, thinking: z.int().nonnegative().exactOptional() }),
  /** While it works, every 10 s, and when it falls idle. */
  InferenceReport.extend({ type: z.literal('stats') }),
]);
export type FromInference = z.infer<typeof FromInference>;

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

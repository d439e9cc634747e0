import { z } from 'zod';
import { Metadata, someGiven } from '../responses/create-response.ts';
import { ChatMessage } from '../responses/prompt.ts';
import { responseId } from './query.ts';

const said = {
  rating: z.enum(['up', 'down']).nullish(),
  comment: z.string().min(1).max(4_096).nullish(),
  /** A better response to the same prompt. */
  preferred_response_id: z.string().regex(responseId, 'expected the id of a response').nullish(),
  /** What the answer should have been. */
  corrected_text: z.string().min(1).max(262_144).nullish(),
};

/** The body of `POST /v1/responses/{id}/feedback`. */
export const CreateFeedback = z
  .object({ ...said, metadata: Metadata.nullish() })
  .refine(
    (body) => Object.keys(said).some((field) => Object.entries(body).some(([key, value]) => key === field && value)),
    'expected a rating, a comment, a preferred_response_id or a corrected_text',
  )
  .meta(someGiven(Object.keys(said)));
export type CreateFeedback = z.infer<typeof CreateFeedback>;

export const Feedback = z.object({
  id: z.string(),
  object: z.literal('feedback'),
  response_id: z.string(),
  /** Epoch seconds. */
  created_at: z.int(),
  model: z.string(),
  rating: z.enum(['up', 'down']).nullable(),
  comment: z.string().nullable(),
  preferred_response_id: z.string().nullable(),
  corrected_text: z.string().nullable(),
  metadata: Metadata,
});
export type Feedback = z.infer<typeof Feedback>;

/**
 * Feedback as it is stored: with the prompt and the answers, because it is used for training long after the responses
 * are removed.
 */
export const FeedbackRecord = Feedback.extend({
  owner: z.string().nullable(),
  prompt: z.array(ChatMessage),
  answer: z.string(),
  preferred_answer: z.string().nullable(),
});
export type FeedbackRecord = z.infer<typeof FeedbackRecord>;

/** `GET /v1/feedback` */
export const FeedbackQuery = z.object({ format: z.enum(['jsonl', 'dpo', 'kto']).optional() });

/** A message in TRL's conversational format. */
export const TrainingMessage = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string(),
  tool_calls: z
    .array(
      z.object({
        type: z.literal('function'),
        function: z.object({ name: z.string(), arguments: z.unknown() }),
      }),
    )
    .exactOptional(),
});
export type TrainingMessage = z.infer<typeof TrainingMessage>;

/** TRL's preference format: `DPOTrainer`. */
export const PreferencePair = z.object({
  prompt: z.array(TrainingMessage),
  chosen: z.array(TrainingMessage),
  rejected: z.array(TrainingMessage),
});
export type PreferencePair = z.infer<typeof PreferencePair>;

/** TRL's unpaired preference format: `KTOTrainer`. */
export const LabelledCompletion = z.object({
  prompt: z.array(TrainingMessage),
  completion: z.array(TrainingMessage),
  label: z.boolean(),
});
export type LabelledCompletion = z.infer<typeof LabelledCompletion>;

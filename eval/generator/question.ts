import { z } from 'zod';
import type { Random } from './random.ts';

/** One line of a question set. Sets from elsewhere have no `kind`. */
export const Question = z.object({ kind: z.string().default('all'), question: z.string().min(1), answer: z.string() });
export type Question = z.infer<typeof Question>;

/** A kind of question whose right answer is known by construction. */
export type QuestionKind = {
  name: string;
  /** Its frequency relative to the other kinds, as in the training data of the embedded model. */
  share: number;
  make(random: Random): { question: string; answer: string };
};

import { z } from 'zod';

/** The body of every error response, in the format that OpenAI's clients parse. */
export const ErrorEnvelope = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    code: z.string(),
    /** The field at fault, as the caller wrote it. */
    param: z.string().nullable(),
  }),
});
export type ErrorEnvelope = z.infer<typeof ErrorEnvelope>;

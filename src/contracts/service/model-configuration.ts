import { z } from 'zod';

const id = z.string().min(1).max(128).optional();
const family = z.string().min(1).optional();

/**
 * A model to add to `thinkfirst.config.json`, with the file's field names (docs/models.md). Fields of an upstream that
 * are left out are detected from its server.
 */
export const NewModel = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('folder'), id, folder: z.string().min(1).max(4_096), family }),
  z.strictObject({ kind: z.literal('hub'), id, hub: z.string().min(1).max(256), family }),
  z.strictObject({
    kind: z.literal('upstream'),
    id,
    url: z.string().min(1).max(2_048),
    /** The server's name for it; needed if the server has several models. */
    model: z.string().min(1).max(256).optional(),
    family,
    dialect: z.string().optional(),
    /**
     * The variable that contains the key, never the key itself. Its name ends in `_API_KEY`, so that nobody can send
     * another secret of this machine to their own address.
     */
    apiKeyVariable: z
      .string()
      .regex(/^[A-Za-z_]\w*_API_KEY$/, 'the name of an environment variable that ends in _API_KEY, not the key itself')
      .optional(),
    contextLength: z.int().positive().optional(),
    /** What it accepts in addition to text. */
    inputs: z.array(z.enum(['image', 'file'])).optional(),
  }),
]);
export type NewModel = z.infer<typeof NewModel>;

/** `localhost:11434` as a person writes it: with http, as in the command line. */
export function withScheme(address: string): string {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(address) ? address : `http://${address}`;
}

/** The body of `POST /v1/configuration/models`. */
export const ChangeModels = z.strictObject({
  model: NewModel,
  /** `false`: only check the change. */
  write: z.boolean().default(false),
});
export type ChangeModels = z.infer<typeof ChangeModels>;

/** What is known about a model before it is loaded. */
export const CheckedModel = z.object({
  id: z.string(),
  kind: z.enum(['folder', 'hub', 'upstream']),
  family: z.string().nullable(),
  /** Tokens; null if only its first start shows it. */
  context_length: z.int().positive().nullable(),
  /** What to know or do before the next start. */
  notices: z.array(z.string()),
});
export type CheckedModel = z.infer<typeof CheckedModel>;

/** What the service will read at its next start. */
export const ModelConfiguration = z.object({
  object: z.literal('model_configuration'),
  /** `variable`: THINKFIRST_MODELS names them, and the file is not read. `embedded`: there is neither. */
  source: z.enum(['variable', 'file', 'embedded']),
  file: z.string(),
  /** As written. */
  entries: z.array(z.unknown()),
  families: z.array(z.string()),
  dialects: z.array(z.string()),
});
export type ModelConfiguration = z.infer<typeof ModelConfiguration>;

export const ModelsChange = z.object({
  object: z.literal('model_configuration.change'),
  checked: CheckedModel,
  /** The entry as it is, or would be, in the file. */
  entry: z.unknown(),
  written: z.boolean(),
  configuration: ModelConfiguration,
});
export type ModelsChange = z.infer<typeof ModelsChange>;

import { z } from 'zod';
import { ModelState } from './model-card.ts';

const id = z.string().min(1).max(128).optional();
const family = z.string().min(1).optional();

/**
 * A model to add, with the field names of `thinkfirst.config.json` (docs/models.md). Fields of an upstream that
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
  /** `false`: only check the model. */
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
  /** What to know or do. */
  notices: z.array(z.string()),
});
export type CheckedModel = z.infer<typeof CheckedModel>;

/** A model that an admin added while the service ran. */
const AddedModelView = ModelState.omit({ source: true }).extend({
  id: z.string(),
  /** With the field names of the configuration file; of a key, only the variable's name. */
  entry: z.unknown(),
  /** Epoch seconds. */
  added_at: z.int(),
});

/** The models that the operator configured, read at each start, and those that were added. */
export const ModelConfiguration = z.object({
  object: z.literal('model_configuration'),
  /** `variable`: THINKFIRST_MODELS names them, and the file is not read. `embedded`: there is neither. */
  source: z.enum(['variable', 'file', 'embedded']),
  file: z.string(),
  /** The operator's, as written. */
  entries: z.array(z.unknown()),
  added: z.array(AddedModelView),
  families: z.array(z.string()),
  dialects: z.array(z.string()),
});
export type ModelConfiguration = z.infer<typeof ModelConfiguration>;

export const ModelsChange = z.object({
  object: z.literal('model_configuration.change'),
  checked: CheckedModel,
  /** The model as the configuration file would have it. */
  entry: z.unknown(),
  written: z.boolean(),
  configuration: ModelConfiguration,
});
export type ModelsChange = z.infer<typeof ModelsChange>;

export const RemovedModel = z.object({ id: z.string(), object: z.literal('model'), deleted: z.literal(true) });
export type RemovedModel = z.infer<typeof RemovedModel>;

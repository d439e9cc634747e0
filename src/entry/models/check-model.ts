import type { CheckedModel, ModelsChange, NewModel } from '../../contracts/service/model-configuration.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { ggufCatalogEntry, localCatalogEntry } from '../../models/config/catalog.ts';
import { completeUpstream } from '../../models/config/complete-upstream.ts';
import { type ModelConfig, parseModelEntry } from '../../models/config/model-config.ts';
import { isGguf } from '../../models/local/gguf/gguf-files.ts';
import { localCapabilities } from '../../models/local/local-model.ts';
import { idTaken } from '../../store/added-models.ts';

/** A model that is about to be added: to the configuration file, or to the running service. */
export type ModelCheck = Pick<ModelsChange, 'object' | 'checked' | 'entry'> & { entry: Record<string, unknown> };

/**
 * Completes a new model's entry and checks it against what is there: its server, its folder, the other models.
 * @throws ServiceError `invalid_value` naming the field that doesn't fit
 */
export async function checkModel(
  model: NewModel,
  options: {
    /** For questions to the model's server. */
    fetch: typeof fetch;
    isTaken(id: string): boolean;
    /** The key in a variable that the entry names. */
    lookUp(variable: string): string | undefined;
    /** What to know about a model of the hub. */
    hubNotice: string;
  },
): Promise<ModelCheck> {
  const { model: whole, notices } =
    model.kind === 'upstream'
      ? await completeUpstream(model, { fetch: options.fetch, invalid: ofModel })
      : { model, notices: [] };
  const { kind, ...fields } = whole;
  const entry = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const config = parsedAs(model, () => parseModelEntry(entry, options.lookUp));
  if (options.isTaken(config.id)) throw idTaken(config.id);
  const facts = await factsOf(config, options.hubNotice);
  const checked = { ...facts, id: config.id, kind, notices: [...notices, ...facts.notices] };
  return { object: 'model_configuration.change', checked, entry };
}

async function factsOf(
  config: ModelConfig,
  hubNotice: string,
): Promise<Pick<CheckedModel, 'family' | 'context_length' | 'notices'>> {
  switch (config.kind) {
    case 'folder': {
      try {
        const { card } = isGguf(config.path)
          ? await ggufCatalogEntry(config)
          : await localCatalogEntry(config, localCapabilities);
        return { family: card.family, context_length: card.context_length, notices: [] };
      } catch (error) {
        if (error instanceof ServiceError) throw invalid('model.folder', error.message);
        throw error;
      }
    }
    case 'hub':
      return { family: config.family ?? null, context_length: null, notices: [hubNotice] };
    case 'upstream':
      return { family: config.family, context_length: config.contextLength, notices: [] };
    default:
      return config satisfies never;
  }
}

/** The entry's own words for what is wrong, with the field as the body names it. */
function parsedAs<T>(model: NewModel, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const field = error.param || (model.kind === 'upstream' ? 'url' : model.kind);
    throw invalid(`model.${field}`, error.message.replace(`${field}: `, ''));
  }
}

const ofModel = (field: string, message: string): ServiceError => invalid(`model.${field}`, message);

function invalid(param: string, message: string): ServiceError {
  return new ServiceError({
    code: 'invalid_value',
    param,
    message: `Invalid '${param}': ${message.replace(/\.$/, '')}.`,
  });
}

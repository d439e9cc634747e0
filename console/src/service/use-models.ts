import { service } from './service.ts';
import { useLoad } from './use-load.ts';

/** The models that can be chosen, the first is the default, each with its effort table. */
export function useModels() {
  return useLoad(service.models);
}

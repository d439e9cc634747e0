import { useEffect } from 'react';
import type { ModelList, ModelObject } from '../../../src/contracts/service/listings.ts';
import { service } from './service.ts';
import { onModelsChanged } from './tab-news.ts';
import { useLoad } from './use-load.ts';

/** Between two looks at a model that is being loaded. ms */
const lookMs = 1_500;

/**
 * The models, the first is the default, each with its effort table. They are fetched again when one was added or removed
 * in any tab, and as long as one is being loaded.
 */
export function useModels() {
  const models = useLoad(service.models);
  const { reload } = models;
  useEffect(() => onModelsChanged(reload), [reload]);
  const isLoading =
    models.state === 'ready' &&
    [...models.value.data, ...(models.value.pending ?? [])].some(({ status }) => status === 'loading');
  useEffect(() => {
    if (!isLoading) return undefined;
    const timer = setInterval(reload, lookMs);
    return () => clearInterval(timer);
  }, [isLoading, reload]);
  return models;
}

/** Those that can be chosen. */
export function readyModels({ data }: ModelList): ModelObject[] {
  return data.filter(({ status = 'ready' }) => status === 'ready');
}

import type { ModelFamily } from './family.ts';
import { families } from './index.ts';

/**
 * The family of a model by the name that a server or a hub knows it by (`qwen3:32b`, `zai-org/GLM-4.6`), for servers that
 * don't show their template; `familyOf` is surer where the template is seen. Undefined where the name says nothing of how it
 * thinks, or that it doesn't.
 */
export function familyOfName(name: string): ModelFamily | undefined {
  return families.find((family) => family.names?.test(name));
}

import { apriel } from './apriel.ts';
import { deepseekR1Distill } from './deepseek-r1-distill.ts';
import type { ModelFamily, ModelTraits } from './family.ts';
import { gemma4 } from './gemma4.ts';
import { gptOss } from './gpt-oss.ts';
import { mistralReasoning } from './mistral-reasoning.ts';
import { plain } from './plain.ts';
import { qwen3 } from './qwen3.ts';
import { seedOss } from './seed-oss.ts';
import { thinkTags } from './think-tags.ts';
import { thinkfirst } from './thinkfirst.ts';

/**
 * The family of a model by the name that a server or a hub knows it by (`qwen3:32b`, `zai-org/GLM-4.6`), for servers that
 * don't show their template; `familyOf` is surer where the template is seen. Undefined where the name says nothing of how it
 * thinks, or that it doesn't.
 */
export function familyOfName(name: string): ModelFamily | undefined {
  return families.find((family) => family.names?.test(name));
}

/** In the order in which they are asked; the last one takes all. */
export const families: readonly ModelFamily[] = [
  thinkfirst,
  qwen3,
  deepseekR1Distill,
  gptOss,
  mistralReasoning,
  seedOss,
  gemma4,
  apriel,
  thinkTags,
  plain,
];

/** The first family that matches. `chatTemplate` is '' where there is none. */
export function familyOf(model: ModelTraits): ModelFamily {
  return families.find((family) => family.matches(model)) ?? plain;
}

/** A family by its name, for a model whose configuration names it (an upstream has no template to look at). */
export function familyByName(name: string): ModelFamily | undefined {
  return families.find((family) => family.name === name);
}

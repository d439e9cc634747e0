type Weighed = { mean: number; deviation: number; weight: number };

/** A fitted logistic model: each feature is standardised by its `mean` and `deviation` and multiplied by its `weight`. */
export type Logistic<Feature extends string> = {
  intercept: number;
  features: Readonly<Partial<Record<Feature, Weighed>>>;
};

/** The probability that a model gives, 0 to 1. A feature that is absent, in the model or in what was found, adds nothing. */
export function logistic<Feature extends string>(
  found: Readonly<Record<Feature, number | undefined>>,
  { intercept, features }: Logistic<Feature>,
): number {
  let odds = intercept;
  for (const name in found) {
    const [value, feature] = [found[name], features[name]];
    if (value !== undefined && feature !== undefined)
      odds += (feature.weight * (value - feature.mean)) / feature.deviation;
  }
  return 1 / (1 + Math.exp(-odds));
}

/** Nats. Tokens less surprising than this are all alike. */
const leastSurprise = 0.001;

/** How unlikely tokens were, on a scale where twice as unlikely is one step wherever it begins. `logprob` in nats. */
export function surprise(logprob: number): number;
export function surprise(logprob: number | undefined): number | undefined;
export function surprise(logprob: number | undefined): number | undefined {
  return logprob === undefined ? undefined : Math.log(Math.max(0, -logprob) + leastSurprise);
}

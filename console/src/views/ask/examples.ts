/**
 * Questions where a fast answer of the embedded model fails and thinking succeeds, as it answered them; `npm run smoke` and
 * the eval's set have more. The model was made for English.
 */
export const examples = [
  {
    question:
      'Tara wants to buy a bike for $55. Tara saves $6 a week and already has $7. How many weeks does Tara need to save?',
    fast: '1',
    thought: '8',
  },
] as const;

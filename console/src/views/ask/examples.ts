/**
 * Questions where a fast answer of the embedded model fails and thinking (medium) succeeds, with what it answered to each
 * (another processor may round to another wrong answer); test/e2e/examples.test.ts asks them. In English, for which the model was made.
 */
export const examples = [
  {
    question:
      'Tara wants to buy a bike for $55. Tara saves $6 a week and already has $7. How many weeks does Tara need to save?',
    fast: '1',
    thought: '8',
  },
  { question: 'What day is 10 days after Tuesday?', fast: 'Sunday', thought: 'Friday' },
  { question: 'What is the product of 59 and 46?', fast: '2245', thought: '2714' },
] as const;

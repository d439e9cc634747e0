/**
 * Questions where a fast answer of the embedded model fails and thinking (medium) succeeds, with what it answered to each;
 * in the first a line goes wrong, is found by a check and taken back. In English, for which the model was made.
 */
export const examples = [
  {
    question:
      'Tara wants to buy a bike for $55. Tara saves $6 a week and already has $7. How many weeks does Tara need to save?',
    fast: '1',
    thought: '8',
  },
  {
    question: 'Tickets cost $9 for adults and $4 for children. How much do 6 adults and 7 children pay in dollars?',
    fast: '21',
    thought: '82',
  },
  { question: 'What is the product of 59 and 46?', fast: '2,245', thought: '2,714' },
] as const;

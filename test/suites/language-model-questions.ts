import { scriptedTokens } from '../support/scripted-language-model.ts';
import type { LanguageModelFixture } from './language-model.suite.ts';

/** What the embedded model is asked in its suites. */
export const embeddedQuestions: Pick<
  LanguageModelFixture,
  'question' | 'sureQuestion' | 'toolQuestion' | 'earlyEnd' | 'controlTexts'
> = {
  question: { messages: [{ role: 'user', content: 'What is 347 + 586?' }] },
  // No token by less than 6 nats, where the digits of 933 have 0.4.
  sureQuestion: { messages: [{ role: 'user', content: 'What is 2 + 3?' }] },
  toolQuestion: {
    messages: [{ role: 'user', content: 'What is the weather in Paris?' }],
    tools: [
      {
        name: 'weather',
        description: 'The weather of a city',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    ],
  },
  // Its conclusion is said already, so the thought ends at once unless it is made to go on.
  earlyEnd: {
    budgetTokens: 12,
    minimumTokens: 6,
    prefix: [{ text: 'Ones: 7 + 6 = 13, write 3, carry 1.\nSo the answer is 933.\n' }],
  },
  controlTexts: ['<think>', '</think>', '<|im_end|>', '<|im_start|>', '<tool_call>'],
};

/** What a scripted model with `suiteScript` is asked. */
export const scriptedQuestions: Omit<LanguageModelFixture, 'model'> = {
  question: { messages: [{ role: 'user', content: 'Which colour?' }] },
  toolQuestion: { messages: [{ role: 'user', content: 'Weather?' }], tools: [{ name: 'weather' }] },
  earlyEnd: { budgetTokens: 60, minimumTokens: 40 },
  retokenise: (text) => scriptedTokens(text).length,
  controlTexts: ['<think>'],
};

/** What a small model without think tags is asked: it thinks because its prompt says so. */
export const plainQuestions: typeof embeddedQuestions = {
  question: {
    messages: [
      { role: 'user', content: 'A baker has 12 trays with 8 rolls each and sells 71 rolls. How many rolls are left?' },
    ],
  },
  toolQuestion: embeddedQuestions.toolQuestion,
  earlyEnd: {
    budgetTokens: 12,
    minimumTokens: 6,
    // The model completes the marker, which is the end of its thought.
    prefix: [{ text: '12 × 8 = 96 rolls. 96 - 71 = 25 rolls are left.\nFinal answer' }],
  },
  controlTexts: ['<|im_end|>', '<|im_start|>', '<tool_call>'],
};

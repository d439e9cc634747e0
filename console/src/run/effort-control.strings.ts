import { defineStrings } from '../i18n/strings.ts';

export const effortStrings = defineStrings({
  en: {
    effort: 'Effort',
    efforts: { auto: 'Auto', none: 'Fast', low: 'Low', medium: 'Medium', high: 'High' },
    about: {
      auto: 'Decides for each question whether thinking pays',
      none: 'Answers at once, without thinking',
      low: 'One short thought, checked',
      medium: 'A few thoughts, checked and voted on',
      high: 'More thoughts, more revisions',
    },
    budget: 'Thinking budget',
    tokens: 'tokens',
    fastHint: 'A fast answer does not think, so it spends no budget.',
    ownHint: 'A cap over all chains and revisions; easy questions stop far below it.',
    changedHint: (own: string) => `This effort's own budget is ${own} tokens.`,
    reset: 'Use it',
    spends: (tokens: string, samples: string) =>
      `up to ${tokens} tokens, ${samples} ${samples === '1' ? 'chain' : 'chains'}`,
    spendsNothing: 'no thinking tokens',
  },
  ko: {
    effort: '노력',
    efforts: { auto: '자동', none: '빠르게', low: '낮음', medium: '보통', high: '높음' },
    about: {
      auto: '질문마다 생각할 가치가 있는지 판단합니다',
      none: '생각하지 않고 바로 답합니다',
      low: '짧게 한 번 생각하고 검사합니다',
      medium: '몇 번 생각하고 검사한 뒤 투표합니다',
      high: '더 많이 생각하고 더 많이 고칩니다',
    },
    budget: '생각 예산',
    tokens: '토큰',
    fastHint: '빠른 답변은 생각하지 않으므로 예산을 쓰지 않습니다.',
    ownHint: '모든 흐름과 수정에 대한 상한입니다. 쉬운 질문은 훨씬 적게 씁니다.',
    changedHint: (own: string) => `이 노력의 기본 예산은 ${own}토큰입니다.`,
    reset: '기본값으로',
    spends: (tokens: string, samples: string) => `최대 ${tokens}토큰, 흐름 ${samples}개`,
    spendsNothing: '생각 토큰 없음',
  },
});

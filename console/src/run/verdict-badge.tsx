import { Check, Circle, Equal, Split } from 'lucide-react';
import type { AnswerVerdict } from '../../../src/contracts/responses/answer-verdict.ts';
import { Badge } from '../components/badge.tsx';
import { useFormat } from '../i18n/format.ts';
import { useServiceSentence } from '../i18n/service-sentences.ts';
import { defineStrings, useStrings } from '../i18n/strings.ts';
import styles from './run.module.css';

/** The tick is for answers that a caller's check has confirmed, and for nothing else in the console that is about an answer. */
const looks = {
  verified: { look: 'good', Icon: Check },
  agreed: { look: 'accent', Icon: Equal },
  single: { look: 'neutral', Icon: Circle },
  unsure: { look: 'warn', Icon: Split },
} as const satisfies Record<AnswerVerdict['kind'], unknown>;

/** The verdict under an answer: its word in its colour, and the reason in a sentence, unless a warning has said the same. */
export function VerdictLine({
  verdict,
  warnings = [],
}: {
  verdict: AnswerVerdict;
  warnings?: readonly { message: string }[];
}) {
  const inWords = useServiceSentence();
  return (
    <p className={styles.verdict} data-kind={verdict.kind}>
      <VerdictBadge verdict={verdict} chains={false} />
      {warnings.every(({ message }) => message !== verdict.because) && <span>{inWords(verdict.because)}</span>}
    </p>
  );
}

/** What is known of an answer, as a word with a picture, never colour alone; `short` leaves out who agreed and what the percentage is. */
export function VerdictBadge({
  verdict,
  short = false,
  chains: tellsChains = !short,
}: {
  verdict: AnswerVerdict;
  short?: boolean;
  chains?: boolean;
}) {
  const words = useStrings(verdictStrings);
  const format = useFormat();
  const { kind, agreement, probability, because } = verdict;
  const { look, Icon } = looks[kind];
  const chains =
    agreement === null || !tellsChains ? '' : words.chains(format.number(agreement.agree), format.number(agreement.of));
  // No answer is as good as certain.
  const percent = probability === null ? '' : format.percent(Math.min(0.99, Math.max(0.01, probability)));
  const likely = percent === '' || short ? percent : words.likely(percent);
  const parts = [words.kinds[kind], chains, likely].filter((part) => part !== '');
  return (
    <span title={because}>
      <Badge look={look}>
        <Icon aria-hidden="true" />
        <span className="visually-hidden">{words.verdict}: </span>
        {parts.join(' · ')}
        {short && percent !== '' && <span className="visually-hidden"> {words.likelyRight}</span>}
      </Badge>
    </span>
  );
}

export const verdictStrings = defineStrings({
  en: {
    verdict: 'Verdict',
    kinds: { verified: 'Verified', agreed: 'Chains agree', single: 'Not compared', unsure: 'Unsure' },
    chains: (agree: string, of: string) => `${agree} of ${of} chains`,
    likely: (percent: string) => `${percent} likely right`,
    likelyRight: 'likely right',
  },
  ko: {
    verdict: '판정',
    kinds: { verified: '확인됨', agreed: '흐름들이 일치', single: '비교 대상 없음', unsure: '불확실' },
    chains: (agree: string, of: string) => `흐름 ${of}개 중 ${agree}개`,
    likely: (percent: string) => `맞을 확률 ${percent}`,
    likelyRight: '맞을 확률',
  },
});

import { ArrowDown, ArrowRight } from 'lucide-react';
import type { Response } from '../../../../src/contracts/responses/response.ts';
import type { TraceStep } from '../../../../src/contracts/responses/trace.ts';
import { Card } from '../../components/card.tsx';
import { useServiceSentence } from '../../i18n/service-sentences.ts';
import { useStrings } from '../../i18n/strings.ts';
import styles from './answer-change.module.css';
import { strings } from './strings.ts';
import { draftAndAnswer, reasonsOfChange } from './trace-steps.ts';
import { hasEnded } from './use-trace.ts';

/** The draft beside the answer that was given, and why they differ. */
export function AnswerChange({ response, steps }: { response: Response; steps: readonly TraceStep[] }) {
  const words = useStrings(strings);
  const inWords = useServiceSentence();
  const { draft, answer, changed } = draftAndAnswer(steps);
  const said = response.output_text || answer?.answer_text || '';
  const fast = response.reasoning.effective.budget_tokens === 0;
  const reasons = reasonsOfChange(steps);
  const heading = draft === undefined ? words.decidedWhy : changed ? words.changedWhy : words.sameWhy;
  const nothing = hasEnded(response) ? words.noAnswer : words.noAnswerYet;
  return (
    <Card className={styles.card ?? ''}>
      <h2>{words.outcome}</h2>
      <div className={styles.pair} data-single={fast}>
        {!fast && (
          <>
            <div className={styles.side}>
              <h3>{words.draft}</h3>
              {draft === undefined ? (
                <p className={styles.none}>{steps.length === 0 ? words.noAnswerYet : words.noDraft}</p>
              ) : changed ? (
                <del className={styles.text}>{textOf(draft)}</del>
              ) : (
                <p className={styles.text}>{textOf(draft) || words.noAnswerOfStep}</p>
              )}
            </div>
            <span className={styles.arrow} aria-hidden="true">
              <ArrowRight data-wide />
              <ArrowDown data-narrow />
            </span>
          </>
        )}
        <div className={styles.side} data-answer={said !== ''}>
          <h3>{words.answer}</h3>
          {said === '' ? <p className={styles.none}>{nothing}</p> : <p className={styles.text}>{said}</p>}
        </div>
      </div>
      {fast && <p className={styles.none}>{words.fast}</p>}
      {!fast && reasons.length > 0 && (
        <div className={styles.why}>
          <h3>{heading}</h3>
          <ul>
            {reasons.map(({ because, check }) => (
              <li key={`${check}:${because}`}>
                {check !== undefined && <span className={styles.check}>{words.checkFound(check)} </span>}
                {check === undefined ? inWords(because) : <code>{inWords(because)}</code>}
              </li>
            ))}
          </ul>
        </div>
      )}
    </Card>
  );
}

function textOf(step: TraceStep): string {
  return (step.answer_text ?? step.answer ?? '').trim();
}

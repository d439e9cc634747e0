import { Check, Circle, X } from 'lucide-react';
import type { CheckResult } from '../../../../src/contracts/responses/trace.ts';
import { useServiceSentence } from '../../i18n/service-sentences.ts';
import { useStrings } from '../../i18n/strings.ts';
import styles from './step-detail.module.css';
import { strings } from './strings.ts';

const shownVerdicts = { fail: 0, pass: 1, abstain: 2 };

/** The tick says that an answer is right: a form that holds, or a thought that goes with its answer, says less. */
function CheckMark({ check: { verdict, confirms } }: { check: CheckResult }) {
  if (verdict === 'fail') return <X aria-hidden="true" />;
  return confirms ? <Check aria-hidden="true" /> : <Circle aria-hidden="true" />;
}

/** What each check said; those that had nothing to judge are folded away. */
export function Checks({ checks }: { checks: readonly CheckResult[] }) {
  const words = useStrings(strings);
  const inWords = useServiceSentence();
  const judged = checks
    .filter(({ verdict }) => verdict !== 'abstain')
    .sort((one, other) => shownVerdicts[one.verdict] - shownVerdicts[other.verdict]);
  const abstained = checks.filter(({ verdict }) => verdict === 'abstain');
  if (checks.length === 0) return <p className={styles.none}>{words.noChecks}</p>;
  return (
    <div className={styles.checks}>
      {judged.length > 0 && (
        <ul>
          {judged.map((check) => (
            <li key={check.name} data-verdict={check.verdict} data-confirms={check.confirms}>
              <CheckMark check={check} />
              <span>
                <b>{check.name}</b>
                <span className="visually-hidden">: {words.verdicts[check.verdict]}</span> {inWords(check.detail)}
                {check.line !== undefined && <span className={styles.where}> {words.line(check.line + 1)}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
      {abstained.length > 0 && (
        <details>
          <summary>{words.abstained(abstained.length)}</summary>
          <p>{abstained.map(({ name }) => name).join(', ')}</p>
        </details>
      )}
    </div>
  );
}

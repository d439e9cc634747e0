import { Check } from 'lucide-react';
import type { ShownModelState } from '../../../../src/contracts/service/model-card.ts';
import type { ModelsChange } from '../../../../src/contracts/service/model-configuration.ts';
import { useFormat } from '../../i18n/format.ts';
import { useServiceSentence } from '../../i18n/service-sentences.ts';
import { useStrings } from '../../i18n/strings.ts';
import styles from './settings.module.css';
import { strings } from './strings.ts';

/** What a check found, or that the model is added and how far it is. */
export function CheckedModel({ change, state }: { change: ModelsChange; state: ShownModelState | undefined }) {
  const words = useStrings(strings);
  const format = useFormat();
  const sentence = useServiceSentence();
  const { id, family, context_length: context, notices } = change.checked;
  return (
    <div className={styles.checked} role="status">
      <Check aria-hidden="true" />
      <div>
        <strong>{change.written ? words.writtenTitle(id) : words.checkedTitle(id)}</strong>
        <p>
          {family !== null && words.familyIs(family)} {context !== null && words.contextIs(format.number(context))}
        </p>
        {notices.map((notice) => (
          <p key={notice}>{sentence(notice)}</p>
        ))}
        {change.written && <p>{words.progress[state?.status ?? 'loading']}</p>}
        <details open={!change.written}>
          <summary>{words.entry}</summary>
          <pre className={styles.code}>{JSON.stringify(change.entry, undefined, 2)}</pre>
        </details>
      </div>
    </div>
  );
}

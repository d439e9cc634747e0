import type { ItemList } from '../../../../src/contracts/responses/conversation.ts';
import type { Response } from '../../../../src/contracts/responses/response.ts';
import type { TraceStep } from '../../../../src/contracts/responses/trace.ts';
import { Card } from '../../components/card.tsx';
import { Fault, Loading } from '../../components/states.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import type { Load } from '../../service/use-load.ts';
import { promptFiles, turnsOf } from './prompt-turns.ts';
import styles from './prompts.module.css';
import { strings } from './strings.ts';

/** What the model was given: the turns, the files of prompts/ with their digests, and the settings in force. */
export function Prompts({
  response,
  steps,
  items,
}: {
  response: Response;
  steps: readonly TraceStep[];
  items: Load<ItemList> & { reload(): void };
}) {
  const words = useStrings(strings);
  const format = useFormat();
  const files = promptFiles(steps);
  const { effective } = response.reasoning;
  return (
    <Card className={styles.card ?? ''}>
      <h2>{words.prompts}</h2>
      {response.instructions !== null && (
        <section>
          <h3>{words.instructions}</h3>
          <p className={styles.turn}>{response.instructions}</p>
        </section>
      )}
      <section>
        <h3>{words.asked}</h3>
        {items.state === 'loading' && <Loading />}
        {items.state === 'failed' && <Fault fault={items.fault} onRetry={items.reload} />}
        {items.state === 'ready' &&
          turnsOf(items.value.data).map((turn) => (
            <div key={turn.key} className={styles.turn}>
              <span className={styles.role}>{words.roles[turn.role]}</span>
              <p>{turn.text}</p>
            </div>
          ))}
      </section>
      {steps.length > 0 && effective.budget_tokens > 0 && (
        <section>
          <h3>{words.promptFiles}</h3>
          {files.length === 0 ? (
            <p className={styles.soft}>{words.noPromptFiles}</p>
          ) : (
            <ul className={styles.files}>
              {files.map((file) => (
                <li key={`${file.file}:${file.hash}`}>
                  <code>{file.file}</code> <code className={styles.soft}>{file.hash.slice(0, 12)}</code>{' '}
                  <span className={styles.soft}>
                    {words.promptSteps(file.steps.map((step) => step + 1).join(', '))}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </section>
      )}
      <p className={styles.soft}>
        {words.limits(
          format.number(effective.samples),
          format.number(effective.max_revisions),
          format.number(effective.answer_reserve_tokens),
        )}
      </p>
    </Card>
  );
}

import { Link2, Plus, SendHorizontal } from 'lucide-react';
import { type FormEvent, type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import { useLocation, useSearchParams } from 'react-router';
import { Button } from '../../components/button.tsx';
import { copyText } from '../../components/copy-text.ts';
import { Page } from '../../components/page.tsx';
import { Faults } from '../../components/states.tsx';
import { useFormat } from '../../i18n/format.ts';
import { activities } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';
import { type Choice, requestOf } from '../../run/effort.ts';
import { tokensAtMost } from '../../run/run-figures.ts';
import { initialRun, type RunState } from '../../run/run-state.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { useLoad } from '../../service/use-load.ts';
import { readyModels, useModels } from '../../service/use-models.ts';
import { examples } from '../ask/examples.ts';
import { ColumnRun } from './column-run.tsx';
import { ColumnSettings } from './column-settings.tsx';
import { type Comparison, column, comparisonOf, fewestColumns, mostColumns, parametersOf } from './columns.ts';
import styles from './compare.module.css';
import { outcomesOf } from './difference.ts';
import { DifferenceLine } from './difference-line.tsx';
import { strings } from './strings.ts';

/** Compare: one question in two to four columns, run at once and timed side by side. */
export function View() {
  const words = useStrings(strings);
  const activity = useStrings(activities);
  const format = useFormat();
  const models = useModels();
  const strategies = useLoad(service.strategies);
  const [parameters, setParameters] = useSearchParams();
  const comparison = comparisonOf(parameters);
  const { question, columns, responses } = comparison;
  const [text, setText] = useState(question);
  useEffect(() => setText(question), [question]);
  const [sending, setSending] = useState(false);
  const [failed, setFailed] = useState<{ fault: ServiceFault; asked: string }>();
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  const [copied, setCopied] = useState<'link' | 'linked' | 'linkFailed'>('link');
  const [runs, setRuns] = useState<ReadonlyMap<string, RunState>>(new Map());
  const onRun = useCallback((id: string, run: RunState) => setRuns((before) => new Map(before).set(id, run)), []);

  const put = (change: Partial<Comparison>, { replace = true } = {}) =>
    setParameters(parametersOf({ ...comparison, ...change }), { replace });
  const change = (index: number, changed: Partial<Choice>) =>
    put({
      columns: columns.map((choice, position) => (position === index ? { ...choice, ...changed } : choice)),
      responses: [],
    });
  const askable = text.trim() !== '' && !sending;

  const askAll = async (asked = text, { replace = false } = {}) => {
    if (sending) return;
    setSending(true);
    setFailed(undefined);
    try {
      const accepted = await acceptAll(asked, columns);
      // A reader who has gone to another view is not fetched back.
      if (here.current) put({ question: asked, responses: accepted }, { replace });
    } catch (error) {
      setFailed({ fault: asFault(error), asked });
    } finally {
      setSending(false);
    }
  };
  // An example of the start page: a press on it is the wish to ask. A link alone asks nothing.
  const asks = useLocation().state?.asks === true;
  const asked = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the view opens
  useEffect(() => {
    if (!asks || asked.current || question === '' || responses.length > 0) return;
    asked.current = true;
    void askAll(question, { replace: true });
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (askable) askAll();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    if (askable) askAll();
  };
  const mostTokens = Math.max(1, ...responses.map((id) => tokensAtMost(runs.get(id) ?? initialRun)));
  const outcomes = outcomesOf(
    responses.map((id) => runs.get(id)),
    responses.length,
  );

  return (
    <Page title={words.title} lead={words.lead} wide>
      <form className={styles.form} onSubmit={submit}>
        <div className={styles.ask}>
          <textarea
            aria-label={words.question}
            placeholder={words.placeholder}
            rows={1}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={onKeyDown}
          />
          <Button look="primary" type="submit" disabled={!askable} icon={<SendHorizontal aria-hidden="true" />}>
            {sending ? `${activity.sending}…` : responses.length > 0 ? words.again : words.run}
          </Button>
        </div>
        {text === '' && (
          <div className={styles.examples}>
            <span>{words.examples}</span>
            {examples.map((example) => (
              <button key={example.question} type="button" lang="en" onClick={() => askAll(example.question)}>
                {example.question}
              </button>
            ))}
          </div>
        )}
      </form>
      <Faults
        faults={[
          { fault: failed?.fault, onRetry: () => askAll(failed?.asked) },
          { fault: models.state === 'failed' ? models.fault : undefined, onRetry: models.reload },
          { fault: strategies.state === 'failed' ? strategies.fault : undefined, onRetry: strategies.reload },
        ]}
      />
      {outcomes !== undefined && <DifferenceLine outcomes={outcomes} columns={columns} />}
      <div className={styles.columns} data-count={columns.length}>
        {columns.map((choice, index) => {
          const id = responses[index];
          const number = format.number(index + 1);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
            <section key={index} className={styles.column} aria-label={words.column(number)}>
              <ColumnSettings
                number={number}
                choice={choice}
                models={models.state === 'ready' ? readyModels(models.value) : []}
                strategies={strategies.state === 'ready' ? strategies.value.data : []}
                onChange={(changed) => change(index, changed)}
                onRemove={
                  columns.length > fewestColumns
                    ? () => put({ columns: without(columns, index), responses: without(responses, index) })
                    : undefined
                }
              />
              {id === undefined ? (
                <p className={styles.notYet}>{words.notYet}</p>
              ) : (
                <ColumnRun key={id} id={id} mostTokens={mostTokens} onRun={onRun} />
              )}
            </section>
          );
        })}
      </div>
      <div className={styles.foot}>
        {columns.length < mostColumns && (
          <Button
            size="small"
            icon={<Plus aria-hidden="true" />}
            onClick={() => put({ columns: [...columns, column('high')] })}
          >
            {words.add}
          </Button>
        )}
        {responses.length > 0 && (
          <Button
            size="small"
            look="quiet"
            icon={<Link2 aria-hidden="true" />}
            onClick={async () => {
              setCopied((await copyText(window.location.href)) ? 'linked' : 'linkFailed');
            }}
          >
            {words[copied]}
          </Button>
        )}
      </div>
    </Page>
  );
}

function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_, position) => position !== index);
}

/** All columns or none: where one is refused, the others would run on unseen. @returns their ids */
async function acceptAll(question: string, columns: readonly Choice[]): Promise<string[]> {
  const asked = await Promise.allSettled(
    columns.map((choice) => service.ask({ ...requestOf(choice), input: question })),
  );
  const accepted = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
  const refused = asked.find((one) => one.status === 'rejected');
  if (refused === undefined) return accepted;
  for (const id of accepted) service.cancel(id).catch(() => undefined);
  throw refused.reason;
}

import { FastForward, MessageCircle, Square } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import type { ItemList } from '../../../../src/contracts/responses/conversation.ts';
import { Badge } from '../../components/badge.tsx';
import { Button, IconLink } from '../../components/button.tsx';
import { Page } from '../../components/page.tsx';
import { Faults, Loading } from '../../components/states.tsx';
import { activities } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';
import { askForAnswer, useAnswersAsked } from '../../run/answers-asked.ts';
import { runCardStrings } from '../../run/run-card.strings.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { type Load, useLoad } from '../../service/use-load.ts';
import { AnswerChange } from './answer-change.tsx';
import { Facts } from './facts.tsx';
import { Notice } from './notice.tsx';
import { turnsOf } from './prompt-turns.ts';
import { Prompts } from './prompts.tsx';
import { sampleTree } from './sample-tree.ts';
import { SampleTree } from './sample-tree-list.tsx';
import { ShareActions } from './share-actions.tsx';
import { StepDetail } from './step-detail.tsx';
import { strings } from './strings.ts';
import { Timeline } from './timeline.tsx';
import styles from './trace.module.css';
import { failureOf, thoughtsHidden } from './trace-steps.ts';
import { hasEnded, useTrace } from './use-trace.ts';
import { Vote } from './vote.tsx';
import { voteRounds } from './vote-rounds.ts';

/** One response from its draft to its answer. The chosen step is part of the address, so that a link shows it too. */
export function TracePage({ id }: { id: string }) {
  const words = useStrings(strings);
  const controls = useStrings(runCardStrings);
  const activity = useStrings(activities);
  const { response, trace, fault, traceFault, loading, link, clockAhead, retry, show } = useTrace(id);
  const answering = useAnswersAsked().has(id);
  const items = useLoad(useCallback((options: { signal: AbortSignal }) => service.inputItems(id, options), [id]));
  const [search, setSearch] = useSearchParams();
  const [actionFault, setActionFault] = useState<ServiceFault>();
  const { steps, running } = trace;
  const tree = useMemo(() => sampleTree(steps), [steps]);
  const rounds = useMemo(() => voteRounds(steps), [steps]);
  const now = useNow(running.size > 0) - clockAhead;
  const chosen = search.get('step');
  const selected = steps.find((step) => String(step.index) === chosen) ?? worthReading(steps);
  const select = (index: number) => setSearch({ step: String(index) }, { replace: true, preventScrollReset: true });
  const ended = response !== undefined && hasEnded(response);

  const act = async (action: (id: string) => ReturnType<typeof service.cancel>) => {
    try {
      setActionFault(undefined);
      show(await action(id));
    } catch (error) {
      setActionFault(asFault(error));
    }
  };

  const actions = response !== undefined && (
    <>
      {!ended && (
        <>
          <Button icon={<FastForward aria-hidden="true" />} disabled={answering} onClick={() => act(askForAnswer)}>
            {answering ? `${activity.answer}…` : controls.answerNow}
          </Button>
          <Button look="danger" icon={<Square aria-hidden="true" />} onClick={() => act(service.cancel)}>
            {controls.stop}
          </Button>
        </>
      )}
      <IconLink label={words.inChat} icon={<MessageCircle aria-hidden="true" />} to={`/?r=${response.id}`}>
        {words.inChat}
      </IconLink>
      <ShareActions response={response} steps={steps} />
    </>
  );
  return (
    <Page wide title={words.title} lead={<Lead id={id} items={items} />} actions={actions}>
      <Faults
        faults={[
          { fault, onRetry: retry },
          { fault: actionFault },
          { fault: traceFault?.kind === 'scope' ? undefined : traceFault, onRetry: retry },
        ]}
      />
      {loading && <Loading>{words.loading}</Loading>}
      {response !== undefined && !loading && (
        <>
          {!ended && (
            <p className={styles.live} role="status">
              <Badge look={link === 'live' ? 'accent' : 'warn'}>
                <i className={styles.liveDot} aria-hidden="true" />
                {link === 'live' ? words.live : words.reconnecting}
              </Badge>
            </p>
          )}
          <Facts response={response} trace={trace} />
          {traceFault?.kind === 'scope' && <Notice title={words.noScopeTitle}>{words.noScope}</Notice>}
          {thoughtsHidden(trace) && <Notice title={words.hiddenTitle}>{words.hidden}</Notice>}
          <AnswerChange response={response} steps={steps} />
          {steps.length > 0 && (
            <Timeline
              trace={trace}
              now={now}
              budget={response.reasoning.effective.budget_tokens}
              selected={selected?.index}
              onSelect={select}
            />
          )}
          {selected !== undefined && (
            <div className={styles.reading}>
              {tree.length > 0 && (
                <SampleTree branches={tree} running={running} selected={selected.index} onSelect={select} />
              )}
              <StepDetail steps={steps} step={selected} running={running.has(selected.index)} answering={answering} />
            </div>
          )}
          <div className={styles.reading}>
            {rounds.length > 0 && <Vote rounds={rounds} />}
            <Prompts response={response} steps={steps} items={items} />
          </div>
        </>
      )}
    </Page>
  );
}

function Lead({ id, items }: { id: string; items: Load<ItemList> }) {
  const asked = items.state === 'ready' ? turnsOf(items.value.data).findLast(({ role }) => role === 'user') : undefined;
  return (
    <>
      {asked !== undefined && <span className={styles.question}>{asked.text}</span>}
      <code className={styles.id}>{id}</code>
    </>
  );
}

/** What a reader came for: the first line that a check crossed out, else the first chain, else the draft. */
function worthReading<Step extends { phase: string; checks: Parameters<typeof failureOf>[0] }>(steps: readonly Step[]) {
  return (
    steps.find((step) => step.phase === 'think' && failureOf(step.checks)?.line !== undefined) ??
    steps.find((step) => step.phase === 'think') ??
    steps[0]
  );
}

/** Epoch ms, moving while something runs. */
function useNow(moving: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => setNow(Date.now()), 200);
    return () => clearInterval(timer);
  }, [moving]);
  return now;
}

import { ChevronLeft, ChevronRight, Pencil } from 'lucide-react';
import { type KeyboardEvent, memo, Suspense, useEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import type { Response } from '../../../../src/contracts/responses/response.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Folded } from '../../components/folded.tsx';
import { lazyComponent } from '../../components/lazy-component.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { RunCard } from '../../run/run-card.tsx';
import { RunBar } from '../../run/run-controls.tsx';
import { hasEnded } from '../../run/run-state.ts';
import { useRun } from '../../run/use-run.ts';
import { VerdictLine } from '../../run/verdict-badge.tsx';
import { tellChatsChanged } from '../../service/tab-news.ts';
import { AnswerActions, type Retrying } from './answer-actions.tsx';
import { Approvals, type Decision, SentItems } from './approvals.tsx';
import styles from './ask.module.css';
import type { ChatPlace, ChatTurn } from './chat-tree.ts';
import { strings } from './strings.ts';

const Markdown = lazyComponent(async () => (await import('../../components/markdown.tsx')).Markdown);

type TurnViewProps = {
  place: ChatPlace;
  /** Ids of models that it can be asked again of. */
  models: readonly string[];
  /** Why nothing can be asked now; undefined: it can. */
  busy: boolean;
  /** Where the bar of a running answer stands: given to the last turn alone. */
  bar: HTMLElement | null;
  onRetry(turn: ChatTurn, how: Retrying): void;
  onEdit(turn: ChatTurn, question: string): void;
  onShow(turn: string): void;
  onRunning(id: string, running: boolean): void;
  /** Decisions about the calls that a response waits for. */
  onDecide(response: Response, decisions: readonly Decision[]): void;
};

/** A question with the arrows to what else was asked in its place, and the shown one of its answers. */
export const TurnView = memo(function TurnView(props: TurnViewProps) {
  const { place, busy, onRetry, onEdit, onShow } = props;
  const { turn, questions, answers } = place;
  const words = useStrings(strings);
  const format = useFormat();
  const [editing, setEditing] = useState(false);
  const shown = questions.findIndex(({ id }) => id === turn.id);
  const version = answers.findIndex(({ id }) => id === turn.id);
  return (
    <section className={styles.turn} id={turn.id}>
      <h2 className="visually-hidden">{words.you}</h2>
      {editing ? (
        <QuestionEditor
          question={turn.question}
          onCancel={() => setEditing(false)}
          onSave={(question) => {
            setEditing(false);
            onEdit(turn, question);
          }}
        />
      ) : turn.question === '' && turn.stored ? (
        <SentItems turn={turn.id} />
      ) : (
        <div className={styles.asked}>
          <IconButton label={words.edit} className={styles.tool} disabled={busy} onClick={() => setEditing(true)}>
            <Pencil />
          </IconButton>
          <div className={styles.question} dir="auto">
            <Folded>{turn.question}</Folded>
          </div>
        </div>
      )}
      <Arrows
        what="questions"
        of={questions}
        at={shown}
        words={[words.earlierQuestion, words.laterQuestion]}
        text={words.branch(format.number(shown + 1), format.number(questions.length))}
        onShow={onShow}
      />
      <Arrows
        what="answers"
        of={answers}
        at={version}
        words={[words.earlier, words.later]}
        text={words.version(format.number(version + 1), format.number(answers.length))}
        onShow={onShow}
      />
      {turn.stored ? (
        <Answer key={turn.id} {...props} />
      ) : (
        <KeptAnswer turn={turn} onRetry={busy ? undefined : (how) => onRetry(turn, how)} models={props.models} />
      )}
    </section>
  );
});

/** `‹ 2 of 3 ›`; nothing where there is one alone. */
function Arrows({
  what,
  of,
  at,
  words: [earlier, later],
  text,
  onShow,
}: {
  what: 'questions' | 'answers';
  of: readonly ChatTurn[];
  at: number;
  words: readonly [earlier: string, later: string];
  text: string;
  onShow(turn: string): void;
}) {
  if (of.length < 2) return null;
  const [before, after] = [of[at - 1], of[at + 1]];
  return (
    <div className={styles.versions} data-of={what}>
      <IconButton label={earlier} disabled={before === undefined} onClick={() => before && onShow(before.id)}>
        <ChevronLeft />
      </IconButton>
      {text}
      <IconButton label={later} disabled={after === undefined} onClick={() => after && onShow(after.id)}>
        <ChevronRight />
      </IconButton>
    </div>
  );
}

function QuestionEditor({
  question,
  onCancel,
  onSave,
}: {
  question: string;
  onCancel(): void;
  onSave(question: string): void;
}) {
  const words = useStrings(strings);
  const [text, setText] = useState(question);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(question.length, question.length);
  }, [question]);
  const save = () => text.trim() !== '' && onSave(text);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onCancel();
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    save();
  };
  return (
    <div className={styles.editor}>
      <textarea
        ref={field}
        dir="auto"
        aria-label={words.editLabel}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <p>
        <small>{words.editHint}</small>
        <Button size="small" onClick={onCancel}>
          {words.cancelEdit}
        </Button>
        <Button size="small" look="primary" disabled={text.trim() === ''} onClick={save}>
          {words.send}
        </Button>
      </p>
    </div>
  );
}

function Answer({ place, models, busy, bar, onRetry, onRunning, onDecide }: TurnViewProps) {
  const { turn, answers } = place;
  const run = useRun(turn.id);
  const running = run.fault === undefined && !hasEnded(run);
  const ended = run.endedAt !== undefined;
  useEffect(() => {
    if (bar === null) return;
    onRunning(turn.id, running);
    return () => onRunning(turn.id, false);
  }, [turn.id, running, bar, onRunning]);
  useEffect(() => {
    if (ended) tellChatsChanged();
  }, [ended]);
  return (
    <>
      <RunCard
        run={run}
        controls={bar === null}
        actions={
          <AnswerActions
            id={turn.id}
            text={run.text}
            others={answers.filter(({ id, stored }) => stored && id !== turn.id).map(({ id }) => id)}
            models={models}
            // Without a question there is nothing to ask again.
            onRetry={busy || turn.question === '' ? undefined : (how) => onRetry(turn, how)}
          />
        }
      />
      {run.response !== undefined && !running && (
        <Approvals
          response={run.response}
          // Only the last turn can go on from here.
          onDecide={bar === null || busy ? undefined : (decisions) => run.response && onDecide(run.response, decisions)}
        />
      )}
      {bar !== null && running && run.response !== undefined && createPortal(<RunBar run={run} />, bar)}
    </>
  );
}

/** An answer whose response is gone: imported, deleted or past its time. */
function KeptAnswer({
  turn,
  models,
  onRetry,
}: {
  turn: ChatTurn;
  models: readonly string[];
  onRetry: ((how: Retrying) => void) | undefined;
}) {
  const words = useStrings(strings);
  return (
    <article className={styles.kept} aria-label={words.keptAnswer} dir="auto">
      <Suspense fallback={<p>{turn.answer}</p>}>
        <Markdown text={turn.answer} />
      </Suspense>
      {turn.verdict !== undefined && <VerdictLine verdict={turn.verdict} />}
      <p className={styles.keptNote}>{words.keptNote}</p>
      <AnswerActions id={undefined} text={turn.answer} others={[]} models={models} onRetry={onRetry} />
    </article>
  );
}

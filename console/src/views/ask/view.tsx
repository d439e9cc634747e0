import { ArrowDown, MessageCirclePlus } from 'lucide-react';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Response } from '../../../../src/contracts/responses/response.ts';
import { Button } from '../../components/button.tsx';
import { Faults, Loading } from '../../components/states.tsx';
import { activities } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';
import type { ChosenEffort } from '../../run/effort.ts';
import { service } from '../../service/service.ts';
import { useLoad } from '../../service/use-load.ts';
import { readyModels, useModels } from '../../service/use-models.ts';
import type { Retrying } from './answer-actions.tsx';
import type { Decision } from './approvals.tsx';
import styles from './ask.module.css';
import { type Attachment, questionWith } from './attachments.ts';
import type { ChatTurn } from './chat-tree.ts';
import { Composer } from './composer.tsx';
import { FirstVisit } from './first-visit.tsx';
import { draftOf, keepDraft } from './kept.ts';
import { useAsking } from './settings.ts';
import { strings } from './strings.ts';
import { requestBehind, toolsOf } from './tools.ts';
import { TurnView } from './turn-view.tsx';
import { type Question, useChat } from './use-chat.ts';
import { useFollowEnd } from './use-follow-end.ts';

/** Ask: a chat with memory, in which each answer shows how it came about. */
export function View() {
  const words = useStrings(strings);
  const activity = useStrings(activities);
  const models = useModels();
  const caller = useLoad(service.caller);
  const chat = useChat();
  const [asking, setAsking] = useAsking();
  const [text, setText] = useDraft(chat.id);
  const [attachments, setAttachments] = useState<readonly Attachment[]>([]);
  const [runningTurn, setRunningTurn] = useState<string>();
  const [bar, setBar] = useState<HTMLElement | null>(null);
  const content = useRef<HTMLDivElement>(null);
  const mark = useRef<HTMLDivElement>(null);
  const { places } = chat;
  const empty = places.length === 0;
  const { atEnd, toEnd, leave } = useFollowEnd({ content, mark }, !empty);
  useEffect(() => {
    document.title = `${words.title} · Thinkfirst`;
  }, [words.title]);

  // A link to a turn in the middle leads there, a chat to its end.
  const { wanted } = chat;
  const opened = places[0]?.turn.id;
  useLayoutEffect(() => {
    if (opened === undefined) return;
    const element = wanted === undefined ? null : document.getElementById(wanted);
    if (element === null) return toEnd();
    leave();
    element.scrollIntoView({ block: 'start' });
  }, [opened, wanted, toEnd, leave]);

  const running = runningTurn !== undefined && !empty;
  const busy = busyWord();
  // A model that was chosen once may be gone since.
  const known = models.state === 'ready' ? readyModels(models.value) : [];
  const model = models.state !== 'ready' || known.some(({ id }) => id === asking.model) ? asking.model : '';
  const ids = known.map(({ id }) => id).join('\n');
  const modelIds = useMemo(() => ids.split('\n').filter((id) => id !== ''), [ids]);
  const answering = known.find(({ id }) => id === model) ?? known[0];
  const offered = caller.state === 'ready' ? toolsOf(caller.value) : [];
  const tools = offered.filter(({ id }) => asking.tools.includes(id)).map(({ param }) => param);

  const ask = async (request: Parameters<typeof chat.ask>[0]): Promise<boolean> => {
    if (busy !== undefined) return false;
    const accepted = await chat.ask(request);
    if (accepted) toEnd();
    return accepted;
  };
  const send = async (question: string, effort: ChosenEffort = asking.effort) => {
    const sent = attachments;
    if (await ask({ question: questionWith(question, sent), asking: { ...asking, model, effort }, tools })) {
      // What was written in the meantime stays.
      setText((written) => (written === question ? '' : written));
      setAttachments((now) => (now === sent ? [] : now));
    }
  };
  const retry = async (turn: ChatTurn, how: Retrying) => {
    const effort = how.effort ?? asking.effort;
    const question = await originalOf(turn);
    await ask({
      question,
      behind: turn.parent,
      asking: { ...asking, model: how.model ?? model, effort, budget: undefined },
      tools,
    });
  };
  const edit = async (turn: ChatTurn, text: string) => {
    const question = withText(await originalOf(turn), text);
    await ask({ question, behind: turn.parent, asking: { ...asking, model }, tools });
  };
  /** The same request goes on, with the same tools. */
  const decide = (response: Response, decisions: readonly Decision[]) =>
    void ask({ question: '', items: decisions, behind: response.id, ...requestBehind(response) });
  // The turns are drawn again only when they have changed.
  const latest = useRef({ retry, edit, decide, show: chat.show });
  latest.current = { retry, edit, decide, show: chat.show };
  const onRetry = useCallback((turn: ChatTurn, how: Retrying) => void latest.current.retry(turn, how), []);
  const onEdit = useCallback((turn: ChatTurn, question: string) => void latest.current.edit(turn, question), []);
  const onDecide = useCallback(
    (response: Response, decisions: readonly Decision[]) => latest.current.decide(response, decisions),
    [],
  );
  const onShow = useCallback((turn: string) => latest.current.show(turn), []);
  const onRunning = useCallback(
    (id: string, runs: boolean) => setRunningTurn((now) => (runs ? id : now === id ? undefined : now)),
    [],
  );
  const { refused } = chat;
  const tryAgain = () => {
    if (refused === undefined) return chat.restore();
    if (refused.behind === undefined && typeof refused.question === 'string') {
      return void send(refused.question, refused.asking.effort);
    }
    void ask(refused);
  };
  return (
    <div className={styles.ask}>
      <div className={styles.thread} ref={content}>
        {empty ? (
          <>
            {chat.state === 'restoring' && <Loading>{words.restoring}</Loading>}
            {chat.state !== 'restoring' && (
              <FirstVisit
                embedded={answering?.family === 'thinkfirst'}
                onAsk={(question) => send(question, asking.effort === 'none' ? 'medium' : asking.effort)}
              />
            )}
          </>
        ) : (
          <>
            <header className={styles.head}>
              <h1>{words.title}</h1>
              <Button
                size="small"
                look="quiet"
                icon={<MessageCirclePlus aria-hidden="true" />}
                onClick={chat.startAnew}
              >
                {words.newChat}
              </Button>
            </header>
            {places.map((place, index) => (
              <TurnView
                key={place.turn.id}
                place={place}
                models={modelIds}
                busy={busy !== undefined}
                bar={index === places.length - 1 ? bar : null}
                onRetry={onRetry}
                onEdit={onEdit}
                onShow={onShow}
                onRunning={onRunning}
                onDecide={onDecide}
              />
            ))}
          </>
        )}
      </div>
      <div className={styles.foot}>
        {!atEnd && !empty && (
          <Button size="small" className={styles.latest} icon={<ArrowDown aria-hidden="true" />} onClick={toEnd}>
            {words.latest}
          </Button>
        )}
        <Faults
          faults={[
            { fault: chat.fault, onRetry: tryAgain },
            { fault: models.state === 'failed' ? models.fault : undefined, onRetry: models.reload },
          ]}
        />
        <Composer
          text={text}
          onText={setText}
          attachments={attachments}
          onAttachments={setAttachments}
          asking={asking}
          onAsking={setAsking}
          models={known}
          tools={offered.map(({ id }) => id)}
          mostBytes={caller.state === 'ready' ? caller.value.limits?.body_bytes : undefined}
          busy={busy}
          running={running}
          onBar={setBar}
          onSend={() => send(text)}
        />
      </div>
      <div ref={mark} className={styles.mark} data-end aria-hidden="true" />
    </div>
  );
  function busyWord(): string | undefined {
    if (chat.state === 'sending') return `${activity.sending}…`;
    // While the chat is restored, the question would go without what was said before.
    return chat.state === 'restoring' || running ? words.send : undefined;
  }
}

/** What is being written, kept for each chat through reloads. */
function useDraft(chat: string | undefined): [string, (change: string | ((before: string) => string)) => void] {
  const [draft, setDraft] = useState(() => ({ chat, text: draftOf(chat) }));
  const text = draft.chat === chat ? draft.text : draftOf(chat);
  const set = (change: string | ((before: string) => string)) => {
    setDraft((before) => {
      const written = before.chat === chat ? before.text : draftOf(chat);
      const next = typeof change === 'string' ? change : change(written);
      keepDraft(chat, next);
      return { chat, text: next };
    });
  };
  return [text, set];
}

/** The question as it was asked, pictures and all; its words where the response is gone. */
async function originalOf(turn: ChatTurn): Promise<Question> {
  if (!turn.stored) return turn.question;
  try {
    const { data } = await service.inputItems(turn.id);
    const message = data.findLast((item) => 'role' in item && item.role === 'user');
    if (message === undefined || !('role' in message) || message.role !== 'user') return turn.question;
    const { content } = message;
    const plain = typeof content === 'string' || content.every(({ type }) => type === 'input_text');
    return plain ? turn.question : content;
  } catch {
    return turn.question;
  }
}

/** Other words beside the same pictures and files. */
function withText(question: Question, text: string): Question {
  if (typeof question === 'string') return text;
  return [{ type: 'input_text', text }, ...question.filter(({ type }) => type !== 'input_text')];
}

import { ArrowDown, MessageCirclePlus } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Faults, Loading } from '../../components/states.tsx';
import { useStrings } from '../../i18n/strings.ts';
import type { ChosenEffort } from '../../run/effort.ts';
import { useModels } from '../../service/use-models.ts';
import styles from './ask.module.css';
import { Composer } from './composer.tsx';
import { FirstVisit } from './first-visit.tsx';
import { useAsking } from './settings.ts';
import { strings } from './strings.ts';
import { TurnView } from './turn-view.tsx';
import { scrollToEnd, useStuckToEnd } from './use-stuck-to-end.ts';
import { useThread } from './use-thread.ts';

/** Ask: a chat with memory, in which each answer shows how it came about. */
export function View() {
  const words = useStrings(strings);
  const models = useModels();
  const thread = useThread();
  const [asking, setAsking] = useAsking();
  const [text, setText] = useState('');
  const [running, setRunning] = useState(false);
  const content = useRef<HTMLDivElement>(null);
  const atEnd = useStuckToEnd(content, running);
  useEffect(() => {
    document.title = `${words.title} · Thinkfirst`;
  }, [words.title]);

  const empty = thread.turns.length === 0;
  const busy = busyWord();
  // A model that was chosen once may be gone since.
  const model = models.state !== 'ready' || models.value.data.some(({ id }) => id === asking.model) ? asking.model : '';
  const known = models.state === 'ready' ? models.value.data : [];
  const answering = known.find(({ id }) => id === model) ?? known[0];
  const send = async (question: string, effort: ChosenEffort = asking.effort) => {
    if (busy !== undefined) return;
    if (await thread.ask(question, { ...asking, model, effort })) {
      // What was written in the meantime stays.
      setText((written) => (written === question ? '' : written));
      setRunning(true);
      requestAnimationFrame(scrollToEnd);
    }
  };
  const retry = async (effort: ChosenEffort) => {
    if (busy !== undefined) return;
    if (await thread.retry({ ...asking, model, effort, budget: undefined })) setRunning(true);
  };
  const { refused } = thread;
  const tryAgain = () => {
    if (refused === undefined) return thread.restore();
    const { question, asking: asked } = refused;
    return question === undefined ? retry(asked.effort) : send(question, asked.effort);
  };
  return (
    <div className={styles.ask}>
      <div className={styles.thread} ref={content}>
        {empty ? (
          <>
            {thread.state === 'restoring' && <Loading>{words.restoring}</Loading>}
            {thread.state !== 'restoring' && (
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
                onClick={() => {
                  setRunning(false);
                  thread.startAnew();
                }}
              >
                {words.newChat}
              </Button>
            </header>
            {thread.turns.map((turn, index) => (
              <TurnView
                // biome-ignore lint/suspicious/noArrayIndexKey: turns are only added at the end
                key={index}
                turn={turn}
                last={index === thread.turns.length - 1}
                onRetry={retry}
                onShow={(version) => thread.show(index, version)}
                onRunning={setRunning}
              />
            ))}
          </>
        )}
      </div>
      <div className={styles.foot}>
        {!atEnd && !empty && (
          <Button size="small" className={styles.latest} icon={<ArrowDown aria-hidden="true" />} onClick={scrollToEnd}>
            {words.latest}
          </Button>
        )}
        <Faults
          faults={[
            { fault: thread.fault, onRetry: tryAgain },
            { fault: models.state === 'failed' ? models.fault : undefined, onRetry: models.reload },
          ]}
        />
        <Composer
          text={text}
          onText={setText}
          asking={asking}
          onAsking={setAsking}
          models={known}
          busy={busy}
          onSend={() => send(text)}
        />
      </div>
    </div>
  );
  function busyWord(): string | undefined {
    if (thread.state === 'sending') return words.sending;
    // The question would go without what was said before.
    if (thread.state === 'restoring') return words.send;
    return running && !empty ? words.running : undefined;
  }
}

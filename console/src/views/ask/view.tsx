import { ArrowDown, MessageCirclePlus } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Fault, Loading } from '../../components/states.tsx';
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

  const send = async (question: string, effort: ChosenEffort = asking.effort) => {
    if (await thread.ask(question, { ...asking, effort })) {
      setText('');
      setRunning(true);
      requestAnimationFrame(scrollToEnd);
    }
  };
  const retry = async (effort: ChosenEffort) => {
    if (await thread.retry({ ...asking, effort, budget: undefined })) setRunning(true);
  };
  const empty = thread.turns.length === 0;
  const busy = thread.state === 'sending' ? words.sending : running && !empty ? words.running : undefined;
  return (
    <div className={styles.ask}>
      <div className={styles.thread} ref={content}>
        {empty ? (
          <>
            {thread.state === 'restoring' && <Loading>{words.restoring}</Loading>}
            {thread.state !== 'restoring' && thread.fault === undefined && (
              <FirstVisit onAsk={(question) => send(question, asking.effort === 'none' ? 'medium' : asking.effort)} />
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
        {models.state === 'failed' && <Fault fault={models.fault} onRetry={models.reload} />}
        {thread.fault !== undefined && (
          <Fault
            fault={thread.fault}
            onRetry={text.trim() === '' ? thread.dismiss : () => busy === undefined && send(text)}
          />
        )}
        <Composer
          text={text}
          onText={setText}
          asking={asking}
          onAsking={setAsking}
          models={models.state === 'ready' ? models.value.data : []}
          busy={busy}
          onSend={() => send(text)}
        />
      </div>
    </div>
  );
}

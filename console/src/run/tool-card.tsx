import { CircleAlert, CirclePause, SquareTerminal, Wrench } from 'lucide-react';
import { CodeBlock } from '../components/code-block.tsx';
import { ScrollRegion } from '../components/scroll-region.tsx';
import { useFormat } from '../i18n/format.ts';
import { activities } from '../i18n/statuses.ts';
import { useStrings } from '../i18n/strings.ts';
import { runStrings } from './run.strings.ts';
import { hasEnded, type RunState } from './run-state.ts';
import { callsOfAnswer, type ShownCall } from './tool-calls.ts';
import styles from './tool-card.module.css';

/** A call of a tool that the service ran: its name, state and time; below, foldable, what was sent and what came back. */
export function ToolCard({ call, open = true }: { call: ShownCall; open?: boolean }) {
  const words = useStrings(runStrings);
  const activity = useStrings(activities);
  const format = useFormat();
  const { tool, server, input, output, state, duration } = call;
  const Icon = { running: toolIcon(server), done: toolIcon(server), failed: CircleAlert, interrupted: CirclePause }[
    state
  ];
  const shown = [
    state === 'running' ? `${activity.running}…` : words.toolStates[state],
    duration === undefined ? '' : format.duration(duration),
  ];
  return (
    <details className={styles.card} data-state={state} open={open}>
      <summary>
        <Icon aria-hidden="true" />
        <b>{server === undefined ? words.tools.python : tool}</b>
        {server !== undefined && <span className={styles.server}>{words.ofServer(server)}</span>}
        <span className={styles.state}>{shown.filter((part) => part !== '').join(' · ')}</span>
      </summary>
      <div className={styles.parts}>
        {input !== '' && <CodeBlock code={input} language={server === undefined ? 'python' : 'json'} />}
        {output !== null && (
          <div className={styles.output}>
            <small>{state === 'failed' ? words.toolError : words.toolOutput}</small>
            {output.trim() === '' ? (
              <p>{words.noOutput}</p>
            ) : (
              <ScrollRegion label={state === 'failed' ? words.toolError : words.toolOutput} className={styles.text}>
                <pre dir="auto">{output.trimEnd()}</pre>
              </ScrollRegion>
            )}
          </div>
        )}
        {input === '' && output === null && <p>{words.callWithheld}</p>}
      </div>
    </details>
  );
}

/** The calls that led to an ended response's answer, folded. */
export function AnswerCalls({ run }: { run: RunState }) {
  const words = useStrings(runStrings);
  const calls = hasEnded(run) ? callsOfAnswer(run) : [];
  if (calls.length === 0) return null;
  return (
    <section className={styles.calls} aria-label={words.answerCalls}>
      {calls.map((call) => (
        <ToolCard key={call.key} call={call} open={false} />
      ))}
    </section>
  );
}

function toolIcon(server: string | undefined) {
  return server === undefined ? SquareTerminal : Wrench;
}

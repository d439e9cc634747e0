import { CircleAlert, Wrench } from 'lucide-react';
import type { TraceStep } from '../../../src/contracts/responses/trace.ts';
import { useFormat } from '../i18n/format.ts';
import { useStrings } from '../i18n/strings.ts';
import { runStrings } from './run.strings.ts';
import styles from './tool-card.module.css';

/** A call of a tool that the service ran: its name and state, and folded what was sent and what came back. */
export function ToolCard({ step }: { step: TraceStep }) {
  const words = useStrings(runStrings);
  const format = useFormat();
  const { call } = step;
  if (call === undefined) return null;
  const runs = call.output === null && !call.error && step.duration_ms === 0;
  const Icon = call.error ? CircleAlert : Wrench;
  return (
    <details className={styles.card} data-error={call.error || undefined}>
      <summary>
        <Icon aria-hidden="true" />
        <b>{call.name}</b>
        <span>{runs ? `${words.toolRuns}…` : call.error ? words.toolFailed : format.duration(step.duration_ms)}</span>
      </summary>
      {call.arguments !== '' && <Part name={words.toolInput} text={readable(call.arguments)} />}
      {call.output !== null && call.output !== '' && <Part name={words.toolOutput} text={readable(call.output)} />}
    </details>
  );
}

function Part({ name, text }: { name: string; text: string }) {
  return (
    <div className={styles.part}>
      <small>{name}</small>
      <pre dir="auto">{text}</pre>
    </div>
  );
}

/** JSON with its lines; the code of a call that has one text alone as that text. */
function readable(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return text;
    const parts: unknown[] = Object.values(value);
    const [only] = parts;
    return parts.length === 1 && typeof only === 'string' ? only : JSON.stringify(value, undefined, 2);
  } catch {
    return text;
  }
}

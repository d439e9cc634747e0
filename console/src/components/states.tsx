import { CircleAlert, KeyRound, TimerReset, WifiOff } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { KeyDialog } from '../frame/key-dialog.tsx';
import { useStrings } from '../i18n/strings.ts';
import type { ServiceFault } from '../service/service-fault.ts';
import { Button } from './button.tsx';
import styles from './states.module.css';
import { stateStrings } from './states.strings.ts';

/** Something is being fetched: says what. */
export function Loading({ children }: { children?: ReactNode }) {
  const words = useStrings(stateStrings);
  return (
    <div className={styles.loading} role="status">
      <span className={styles.dots} aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {children ?? words.loading}
    </div>
  );
}

/** There is nothing yet: says why, and what to do. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {action}
    </div>
  );
}

/**
 * A failed call in words that say what to do: offline, key, scope, 429 with a countdown, or the service's own message.
 * With `onRetry` it offers to try again, and after a 429 does so by itself when the time is up.
 */
export function Fault({ fault, onRetry }: { fault: ServiceFault; onRetry?: (() => void) | undefined }) {
  const words = useStrings(stateStrings);
  const left = useCountdown(fault);
  const limited = fault.kind === 'limited' || fault.kind === 'unavailable';
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the end of the countdown retries
  useEffect(() => {
    if (limited && fault.retryAfter !== undefined && left === 0) onRetry?.();
  }, [left]);
  const Icon = icons[fault.kind] ?? CircleAlert;
  return (
    <div className={styles.fault} role="alert" data-kind={fault.kind}>
      <Icon aria-hidden="true" />
      <div>
        <strong>{words.titles[fault.kind]}</strong>
        <p>{words.advice[fault.kind] || fault.message}</p>
        {words.advice[fault.kind] !== '' && fault.kind !== 'offline' && <p className={styles.told}>{fault.message}</p>}
        {limited && left > 0 && onRetry !== undefined && <p>{words.retryIn(left)}</p>}
        {fault.requestId !== undefined && fault.kind === 'server' && (
          <p className={styles.told}>{words.requestId(fault.requestId)}</p>
        )}
      </div>
      {fault.kind === 'key' && <EnterKey />}
      {onRetry !== undefined && fault.retryable && (
        <Button size="small" onClick={onRetry}>
          {words.retry}
        </Button>
      )}
    </div>
  );
}

/** Failed calls of one view, equal ones once: several calls fail alike without a key, or where nothing answers. */
export function Faults({
  faults,
}: {
  faults: readonly { fault: ServiceFault | undefined; onRetry?: (() => void) | undefined }[];
}) {
  const told = new Map<string, { fault: ServiceFault; retries: (() => void)[] }>();
  for (const { fault, onRetry } of faults) {
    if (fault === undefined) continue;
    const alike = `${fault.kind} ${fault.kind === 'key' ? '' : fault.message}`;
    const { retries } = told.get(alike) ?? { retries: [] };
    told.set(alike, { fault, retries: onRetry === undefined ? retries : [...retries, onRetry] });
  }
  return [...told].map(([alike, { fault, retries }]) => (
    <Fault
      key={alike}
      fault={fault}
      onRetry={
        retries.length === 0
          ? undefined
          : () => {
              for (const retry of retries) retry();
            }
      }
    />
  ));
}

function EnterKey() {
  const words = useStrings(stateStrings);
  const [entering, setEntering] = useState(false);
  return (
    <>
      <Button size="small" onClick={() => setEntering(true)}>
        {words.enterKey}
      </Button>
      {entering && <KeyDialog onClose={() => setEntering(false)} />}
    </>
  );
}

const icons: Partial<Record<ServiceFault['kind'], typeof CircleAlert>> = {
  offline: WifiOff,
  key: KeyRound,
  scope: KeyRound,
  limited: TimerReset,
};

/** Seconds until the service may be asked again. */
function useCountdown(fault: ServiceFault): number {
  const [left, setLeft] = useState(Math.ceil(fault.retryAfter ?? 0));
  useEffect(() => {
    setLeft(Math.ceil(fault.retryAfter ?? 0));
    if (fault.retryAfter === undefined) return;
    const timer = setInterval(() => setLeft((seconds) => Math.max(0, seconds - 1)), 1000);
    return () => clearInterval(timer);
  }, [fault]);
  return left;
}

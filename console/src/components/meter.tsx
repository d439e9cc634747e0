import styles from './meter.module.css';

type MeterProps = {
  /** Its name, read out and not shown. */
  label: string;
  value: number;
  maximum: number;
  /** What is read out in place of the bare number: `312 of 1,024 tokens`. */
  text: string;
  look?: 'accent' | 'good' | 'warn' | 'draft';
};

/** How much of something is used, as a bar. Words stand beside it, not in it. */
export function Meter({ label, value, maximum, text, look = 'accent' }: MeterProps) {
  const share = maximum <= 0 ? 0 : Math.min(1, value / maximum);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuenow={Math.min(value, maximum)}
      aria-valuemin={0}
      aria-valuemax={maximum}
      aria-valuetext={text}
      className={styles.meter}
    >
      <div className={[styles.fill, styles[look]].join(' ')} style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}

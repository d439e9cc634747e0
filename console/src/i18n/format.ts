import { useMemo } from 'react';
import { type Language, usePreferences } from '../preferences.ts';

/** Numbers, durations and times as the reader writes them. */
export type Format = {
  /** `1,024` */
  number(value: number): string;
  /** ms as `0.8 s`, `12 s`, `2 min 5 s`. */
  duration(milliseconds: number): string;
  /** ms of a running clock: `0:07`, `12:05`. */
  clock(milliseconds: number): string;
  /** ms of an estimate, in whole seconds, 1 at least: `12 s`, `2 min 5 s`. */
  roughly(milliseconds: number): string;
  /** The time between two whole seconds, which may be up to one more or less: `< 1 s`, `≈ 6 s`, `≈ 2 min 5 s`. */
  seconds(whole: number): string;
  /** `2.4 MB`, `4.9 GB`. */
  bytes(count: number): string;
  /** 0 to 1 as `62%`. */
  percent(share: number): string;
  /** Epoch ms as date and time of day. */
  time(epochMs: number): string;
  /** Epoch ms as the date alone. */
  date(epochMs: number): string;
  /** Epoch ms as `3 min ago`. */
  ago(epochMs: number, nowMs: number): string;
};

/** The formatter of the reader's language. */
export function useFormat(): Format {
  const { language } = usePreferences();
  return useMemo(() => createFormat(language), [language]);
}

function createFormat(language: Language): Format {
  const number = new Intl.NumberFormat(language);
  const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'narrow' });
  const [minute, second, underSecond] = language === 'ko' ? ['분', '초', '1초 미만'] : [' min', ' s', '< 1 s'];
  const fromSeconds = (whole: number) =>
    whole < 60
      ? `${number.format(whole)}${second}`
      : `${number.format(Math.floor(whole / 60))}${minute} ${whole % 60}${second}`;
  return {
    number: (value) => number.format(value),
    duration(milliseconds) {
      const seconds = milliseconds / 1000;
      return seconds < 9.95 ? `${tenths.format(seconds)}${second}` : fromSeconds(Math.round(seconds));
    },
    clock(milliseconds) {
      const whole = Math.floor(milliseconds / 1000);
      return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
    },
    roughly: (milliseconds) => fromSeconds(Math.max(1, Math.round(milliseconds / 1000))),
    seconds: (whole) => (whole < 1 ? underSecond : `≈ ${fromSeconds(whole)}`),
    bytes(count) {
      if (count < 1_000) return `${number.format(count)} B`;
      const kilo = count / 1_000;
      if (kilo < 999.5) return `${number.format(Math.round(kilo))} kB`;
      return kilo < 999_500 ? `${tenths.format(kilo / 1_000)} MB` : `${tenths.format(kilo / 1_000_000)} GB`;
    },
    percent: (share) => percent.format(share),
    time: (epochMs) => time.format(epochMs),
    date: (epochMs) => date.format(epochMs),
    ago(epochMs, nowMs) {
      const seconds = (epochMs - nowMs) / 1000;
      const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? (['second', 1] as const);
      return relative.format(Math.round(seconds / size), unit);
    },
  };
}

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

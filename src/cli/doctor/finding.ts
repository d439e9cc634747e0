/** What one look at this machine found. */
export type Finding = {
  /** What was looked at, in a word or two. */
  name: string;
  status: 'ok' | 'warning' | 'fault';
  detail: string;
  /** What to do about it; absent where it is well. */
  advice?: string;
};

export const well = (name: string, detail: string): Finding => ({ name, status: 'ok', detail });
export const doubtful = (name: string, detail: string, advice: string): Finding => ({
  name,
  status: 'warning',
  detail,
  advice,
});
export const faulty = (name: string, detail: string, advice: string): Finding => ({
  name,
  status: 'fault',
  detail,
  advice,
});

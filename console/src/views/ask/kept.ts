/** What Ask keeps in this browser: the last chat, drafts of the composer, and how answers were rated. */

const places = { chat: 'thinkfirst.chat', drafts: 'thinkfirst.drafts', ratings: 'thinkfirst.ratings' } as const;
/** The oldest go first. */
const mostDrafts = 50;
const mostRatings = 500;

export type Rating = 'up' | 'down' | 'better';
type LastChat = { c?: string | undefined; r?: string | undefined };

/** The chat that was shown last; undefined: none, or a new one was begun since. */
export function lastChat(): LastChat | undefined {
  const { c, r } = read(places.chat);
  if (typeof c !== 'string' && typeof r !== 'string') return undefined;
  return { c: typeof c === 'string' ? c : undefined, r: typeof r === 'string' ? r : undefined };
}

export function keepLastChat(chat: LastChat): void {
  write(places.chat, chat);
}

export function forgetLastChat(): void {
  write(places.chat, {});
}

/** What was written to a chat (`undefined`: to a new one) and not sent. */
export function draftOf(chat: string | undefined): string {
  const draft = read(places.drafts)[chat ?? 'new'];
  return typeof draft === 'string' ? draft : '';
}

export function keepDraft(chat: string | undefined, text: string): void {
  const { [chat ?? 'new']: _before, ...others } = read(places.drafts);
  const drafts = Object.entries(text === '' ? others : { ...others, [chat ?? 'new']: text });
  write(places.drafts, Object.fromEntries(drafts.slice(-mostDrafts)));
}

/** How this browser's reader rated an answer. */
export function ratingOf(id: string): Rating | undefined {
  const rating = read(places.ratings)[id];
  return rating === 'up' || rating === 'down' || rating === 'better' ? rating : undefined;
}

export function keepRating(id: string, rating: Rating): void {
  const { [id]: _before, ...others } = read(places.ratings);
  write(places.ratings, Object.fromEntries([...Object.entries(others), [id, rating]].slice(-mostRatings)));
}

function read(place: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(place) ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function write(place: string, value: object): void {
  try {
    localStorage.setItem(place, JSON.stringify(value));
  } catch {
    // A full or forbidden storage: it holds until the page is closed.
  }
}

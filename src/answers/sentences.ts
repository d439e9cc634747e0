/** Full stops that end no sentence: of a title; of initials, where no word follows that begins a sentence. */
const innerStops = [
  /\b(?:Dr|Mr|Mrs|Ms|Prof|St|Mt|Jr|Sr|Gen|Col|Capt|Lt|Sgt|Rev|Gov|Sen|Rep|vs|approx|ca)\.(?= )/g,
  /\b\p{Lu}\.(?= \p{Lu}\.)/gu,
  /(?<=(?:\p{Lu}\p{Ll}+|\p{Lu}[.\u2024]) \p{Lu})\.(?= \p{Lu}\p{Ll})(?! (?:The|It|This|That|These|Those|There|So|Thus|Because|Since|As|He|She|They|We|You|In|If|All|Its?|Here|Hence|Therefore|However|But|And)\b)/gu,
];
/** Stands for such a stop while the sentence's end is looked for. */
const stopMark = '\u2024';

/** The text with stops that end no sentence marked, so that every full stop before a space ends one; `showStops` takes it back. */
export function hideStops(text: string): string {
  return innerStops.reduce((rest, stop) => rest.replace(stop, (found) => found.replace('.', stopMark)), text);
}

export function showStops(text: string): string {
  return text.replaceAll(stopMark, '.');
}

/** Something is said behind the first sentence's end. */
export function hasSeveralSentences(text: string): boolean {
  return /\p{L}["'”’)]{0,2}[.!?]["'”’)]{0,2}[ \t]+\S/u.test(hideStops(text));
}

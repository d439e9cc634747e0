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
  return /\p{L}["'”’)]{0,2}[.!?]["'”’)]{0,2}[ \t]+\S|[。！？][”’」』）)]{0,2}\s{0,2}\p{L}/u.test(hideStops(text));
}

const number =
  /\bhow (many|much|far|long|old|tall|heavy|fast)\b|\b(calculate|compute|evaluate)\b|\bwhat is the (total|sum|difference|product|average|remainder|number|cost|price)\b/i;
/** The same in other languages; not `some` (`несколько`, `몇 가지`, `いくつか`) or `as for` (`quanto a`, `en cuanto a`). */
const numberElsewhere =
  /\b(?:wie ?viele?|combien|cuánt[oa]s?|quant(?:i|e|os|as)|quanto (?:fa|costa|custa|vale|pesa|dura|dista|è|é)|hoeveel|hur många|berapa)(?!\p{L})|(?<!\p{L})(?:сколько|скільки)(?!\p{L})|多少|(?:有|是|共|剩|要)几|(?<!몇)몇(?! ?(?:가지|몇))|얼마|いくつ(?!か)|いくら|何[人個円回本枚冊匹台分日年歳]|กี่|เท่าไ/iu;
const name = /\b(?:what|which|who|whom|whose|where|when)\b/i;
const words =
  /\b(?:why|explain|describe)\b|\b(?:write|tell|compose|give)\b.{0,40}\b(?:poem|story|essay|letter)\b|\bwrite (?:me )?(?:an?|some)\b|\bhow (?:do|does|did|can|to)\b(?! you (?:spell|say|write|call))/i;
const truth =
  /(?:^|[.!?:\n]\s*)(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should) (?!you\b)[^.?!]*\?/i;

export function asksForNumber(question: string): boolean {
  return number.test(question) || numberElsewhere.test(question);
}

/** What, which, who, where, when. */
export function asksForName(question: string): boolean {
  return name.test(question) && !asksForWords(question);
}

/** Whether, with nothing to choose from but yes and no. */
export function asksYesOrNo(question: string): boolean {
  const asked = truth.exec(question)?.[0] ?? '';
  return asked !== '' && !/\bor\b/i.test(asked) && !number.test(question) && !name.test(asked);
}

/** An explanation, a poem: no number that stands in it is what was asked for. */
export function asksForWords(question: string): boolean {
  return words.test(question) && !number.test(question);
}

const least =
  /\b(?:least|fewest|minim(?:um|al)|min|smallest|lowest|shortest|cheapest|earliest|needs?|needed|must|requires?|required|ha(?:s|ve|d) to|should|enough|necessary)\b/i;
/** Not `Can you say …?`, which asks for an answer. */
const most =
  /\b(?:most|maxim(?:um|al)|max|largest|greatest|biggest|highest|longest|latest|(?<!^\s*)(?:can|could)|able|possibl[ey]|limit|affords?|allowed|may|fits?|holds?)\b/i;

/** For the least, or for what is needed, which is the least that does. */
export function asksForLeast(question: string): boolean {
  return least.test(lastSentence(question));
}

/** For the most, or for what can be, of which the most is meant. */
export function asksForMost(question: string): boolean {
  return most.test(lastSentence(question));
}

/** For what was not done or is not there. */
export function asksWhatIsNot(question: string): boolean {
  return /\b(?:not|never|cannot|without)\b|n['’]t\b/i.test(lastSentence(question));
}

/** Of a long text only its end is searched: the pattern is tried from every character. */
function lastSentence(text: string): string {
  return /[^.?!\n]*[?.!]*\s*$/.exec(text.trim().slice(-1000))?.[0] ?? '';
}

/** Characters; a longer sentence is free text. */
const longest = 240;
const copula =
  /\s(?:is|are|was|were)\s(?:called |named |known as |\p{L}+e[dn] by )?(?:(?:on|in|at(?! (?:least|most)\b)) (?=\S+ ?\d))?/iu;
const pronoun = /^(?:it|this|that|these|those|they)$/i;
/** What is said more of a name. */
const apposition =
  /(?:,\s*(?:which|who|where|with|as|because|since|and|but|not|the|an?)|\s(?:which|because|since))\s.*$/i;
const empty =
  /^(?:the|an?|of|in|on|at|to|for|by|and|or|it|its|this|that|is|are|was|were|do|does|did|what|which|who|whom|whose|where|when)$/;

/**
 * What a sentence says beyond the question that it repeats: `Paris` of `The capital of France is Paris.`, of `Paris is the
 * capital.` and of `Paris, the capital of France`. Undefined where it can't be told.
 */
export function beyondQuestion(sentence: string, question: string): string | undefined {
  const text = hideStops(sentence.trim());
  if (text.length > longest || !asksForName(question) || /[.!?]\s+\S|\n/.test(text)) return undefined;
  const asked = contentWords(question);
  const said = copula.exec(text);
  if (said === null) {
    const [, name, more = ''] = /^([^,]+),\s+(?:the|an?)\s+([^,]+)$/i.exec(text) ?? [];
    return name !== undefined && isOf(more, asked) ? showStops(name) : undefined;
  }
  const before = text.slice(0, said.index).trim();
  const rest = text.slice(said.index + said[0].length).replace(/[.!?]+$/, '');
  const after = rest.replace(apposition, '').trim();
  const isAskedBefore = pronoun.test(before) || repeats(before, question);
  const isAskedAfter = repeats(rest, question);
  if (isAskedBefore && !isAskedAfter && after !== '') return showStops(after);
  if (isAskedAfter && !isAskedBefore) return showStops(before);
  if (!isAskedBefore) return undefined;
  const offered = offeredWords(question);
  const isOffered = isOf(before, offered);
  if (isOffered === isOf(after, offered)) return undefined;
  return showStops(isOffered ? before : after);
}

/** Nothing is in it that the question has not, or all of the question is in it. */
function repeats(part: string, question: string): boolean {
  const asked = contentWords(lastSentence(question));
  const words = contentWords(part);
  return isOf(part, contentWords(question)) || (asked.length > 1 && asked.every((word) => words.includes(word)));
}

function isOf(part: string, words: readonly string[]): boolean {
  const own = contentWords(part);
  return own.length > 0 && own.every((word) => words.includes(word));
}

function contentWords(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\d]+(?:[.,'’-][\p{L}\d]+)*/gu) ?? [];
  return words.filter((word) => !empty.test(word));
}

/** What may be chosen from: `Which is heavier, a feather or a brick?`, and names. */
function offeredWords(question: string): string[] {
  const last = /[^?!\n]*[?!]*\s*$/.exec(question.trim())?.[0] ?? '';
  const options = /[:,]([^:]*)$/.exec(last)?.[1] ?? '';
  const names =
    question.match(/(?<=[\p{L}\d,:;] )\p{Lu}[\p{L}'’-]+|(?<!\p{L})\p{Lu}[\p{L}'’-]+(?= (?:is|was|has)\b)/gu) ?? [];
  return [...contentWords(options), ...names.map((name) => name.toLowerCase())];
}

import { measurePattern as measure, scalePattern as scale } from '../../answers/units.ts';
import type { EquationToken } from './equation-tokens.ts';

/** Words that stand before a number and belong to the sum: what follows is not a whole expression. */
const bindsRight =
  /^(of|times|plus|minus|by|half|twice|double|triple|per|percent|over|from|than|mod|modulo|choose|point|sqrt|root|log|ln|abs|min|max|floor|ceil|round|gcd|lcm|average|mean|median)$/i;
const bindsLeft =
  /^(?:times|plus|minus|multiplied|divided|over|of|per|mod|modulo|choose|point|to the|followed by|and (?:\d+ \/ \d+|an? (?:half|third|quarter|fifth|tenth)))\b/i;
const scaled = new RegExp(`^(?:${scale}|in the (?:morning|afternoon|evening)|at night|on the clock)\\b`, 'i');

/** `2 h 15 min`, `2 hours and 15 minutes`: the second number of one quantity is before the run, or behind it. */
const compoundBefore = new RegExp(`\\d ${measure}(?: ,)?(?: and)?$`, 'i');
const compoundAfter = new RegExp(`^${measure}(?: \\d|(?: ,)?(?: and)? \\d+(?:\\.\\d+)? ${measure}\\b)`, 'i');
/** `60 miles per hour × 2`: the expression goes on behind the words. */
const goesOn = /^(?:[\p{L}°']+ ){1,5}[*/+^-] [\d(]|^[\p{L}°']+ (?:\^|[²³])/u;
/** `25 pupils + his 1 teacher + 1 …`, `Day 2 = Day 1 + …`, `Oct 14 - Oct 1 + 1`: the expression began before the words. */
const wentOn = /(?:[\d)](?: [\p{L}°']+){0,3} [*/+^]|=) (?:[\p{L}°']+ ){0,3}[\p{L}°']+$|\d - \p{Lu}\p{L}*$/u;
const option = /^(?:[-*•] )?(?:option )?[A-Z] [:.)]$/i;

/** Before an equation in its clause: it is not stated but denied, supposed or quoted. */
const unstatedBefore =
  /\b(?:not|no|never|cannot|neither|nor|without|if|unless|whether|suppos\w*|assum\w*|imagin\w*|pretend\w*|claim\w*|believ\w*|says?|said|thinks?|thought|writes|wrote|guess\w*|false\w*|wrong\w*|incorrect\w*|mistake\w*)\b|n't\b/i;
/** Behind an equation: the line speaks of it and does not state it (`2 + 2 = 5 is wrong`), no more than a question does. */
const unstatedAfter =
  /^(?:[,"”'’] )?(?:(?:which|that|this|it) )?(?:(?:is|was|would be|seems|looks|must be|has to be) (?:\w+ )?(?:not|false|wrong|incorrect|untrue|impossible|absurd|nonsense|true|right|correct|a mistake|an error)\b|(?:is|was|does|did|ca|could|would|should)n?'t\b|(?:does|did|can|could|would|should) not\b|cannot\b|fails\b|\[ ?wrong|[✗✘❌])/i;
const unstatedSentence = /^[^.!?;]*\?/;
/** What follows takes it back, or shows that it was tried: `= 146. Wait, …`, `= 27. Too high.` */
const takenBack =
  /\b(?:wait|hmm+|oops|nope|not equal|not true|untrue|is false|incorrect|too (?:high|low|large|small|big|much|many)|(?:does|is|are|was)(?: not|n'?t) (?:work|match|fit|right|correct|possible|helpful|an? (?:integer|option))|(?:my|a|an|the) (?:mistake|error)|contradict\w*|let me (?:re-?\w+|correct|fix)|let's re-?\w+)\b|≠/i;

/** What stands around a stretch of a line's tokens. */
export type Context = {
  /** Up to 20 tokens before it and behind it, each after a space, quotes joined to their words. */
  before: string;
  after: string;
  tokenBefore: EquationToken | undefined;
  tokenAfter: EquationToken | undefined;
  /** The number before the word before it is the end of another equation: `7 × 3 = 21 and 25 - 21 = 4`. */
  followsEquation: boolean;
};

const reach = 20;

export function contextOf(
  tokens: readonly EquationToken[],
  { start, end, lastEnd }: { start: number; end: number; lastEnd: number | undefined },
): Context {
  return {
    before: joined(tokens.slice(Math.max(0, start - reach), start)),
    after: joined(tokens.slice(end, end + reach)),
    tokenBefore: tokens[start - 1],
    tokenAfter: tokens[end],
    followsEquation: lastEnd !== undefined && lastEnd === start - 1,
  };
}

/** True where the first expression is only the end of what stands before it: `Half of 54`, `3 and 1/2`, `gcd(12, 18)`. */
export function continuesBefore(
  context: Context,
  expression: { tokens: readonly EquationToken[]; lone: boolean },
): boolean {
  const { before, tokenBefore } = context;
  const [first, second] = expression.tokens;
  if (tokenBefore === undefined || first === undefined) return false;
  if (tokenBefore.kind === 'word') {
    if (expression.lone || bindsRight.test(tokenBefore.text) || compoundBefore.test(before) || wentOn.test(before))
      return true;
    // `sqrt(9 + 16)`, `a_1 + 2`, `2 to the 3`
    if (first.glued || /\d to the$/.test(before)) return true;
    const isFraction = second?.text === '/';
    return /\d (?:and|or|to|with)$/.test(before) && (isFraction || !context.followsEquation);
  }
  if (/^[\]}|≈]$/.test(tokenBefore.text)) return true;
  // A sign that is not known, or a list whose last number this is.
  const isPlain = /^[([,;:."]$/.test(tokenBefore.text);
  if (!isPlain && (first.glued || expression.lone || /[\d)] \S$/.test(before))) return true;
  if (tokenBefore.text === ':') return first.glued || (/\d :$/.test(before) && (expression.lone || !tokenBefore.glued));
  return expression.lone && /\d [,;]$/.test(before);
}

/** True behind an option's letter, whose value a dash may follow: `C: 22 - …`. */
export function startsOption({ before }: Context): boolean {
  return option.test(before);
}

/** True where the last expression goes on behind the run, in words or signs that are not read. */
export function continuesAfter({ after, tokenAfter }: Context): boolean {
  if (tokenAfter === undefined) return false;
  if (tokenAfter.glued && !/^[.,;!?)\]}"'”’»…$€£¥]/.test(tokenAfter.text)) return true;
  if (tokenAfter.kind === 'other') {
    const isSentence = /^[,.;!?"'”’…→⇒)\]}]/.test(tokenAfter.text);
    return !isSentence && /^(?:\S [\d(]|[|√∛∑∏∫])/.test(after);
  }
  return bindsLeft.test(after) || scaled.test(after) || compoundAfter.test(after) || goesOn.test(after);
}

/** True where the line does not state the equation but denies, supposes, quotes, asks or judges it. */
export function isUnstated({ before, after, tokenAfter }: Context): boolean {
  const clause = before.split(/[,;:.!?]|\b(?:then|so|because|but)\b/).at(-1) ?? '';
  return (
    unstatedBefore.test(clause) ||
    unstatedAfter.test(after) ||
    unstatedSentence.test(after) ||
    takenBack.test(after) ||
    // `120 = 5!`
    (tokenAfter?.text === '!' && tokenAfter.glued)
  );
}

function joined(tokens: readonly EquationToken[]): string {
  return tokens
    .map((token) => token.text)
    .join(' ')
    .replace(/ ['’] (?=\p{L})/gu, "'");
}

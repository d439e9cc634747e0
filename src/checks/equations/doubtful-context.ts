import { decimalOf, exactValue } from '../../evaluator/exact-arithmetic.ts';
import type { Equation } from './judge-equation.ts';

/** What stands around a line: all turns of the conversation, and all that is judged. */
type Surroundings = { conversation: string; text: string };

/** Signs mean something else there: other bases, truth values, operations that the text defines. */
const otherArithmetic =
  /\b(?:binary|hexadecimal|hex|octal|boolean|truth values?|logical (?:or|and)|xor|bitwise|saturating|max-plus|tropical|nim(?:bers?)?|concatenat\w*|clock arithmetic|defined?|defines|in base (?:\d+|\w+)|(?:units|ones) digits?|digital roots?|without carr(?:y|ies|ying))\b|\bbase[- ]?(?:\d|two|three|four|five|six|seven|eight|nine|eleven|twelve|sixteen)/i;
/** Numbers that stand for their residues, the modulus named or not. */
const residues =
  /\b(?:mod(?:ular|ulus|uli|ulo)?|congruen\w*|residues?|cyclic(?:ally)?|wrap(?:s|ping|ped)? around|finite fields?|galois)\b|≡|\\mathbb ?\{?[ZF]|\bGF ?\(|[ℤ𝔽]|\b[ZF](?:_|\/|\d|[₀-₉])/iu;
const modulus =
  /(?:\bp?mod(?:ulo|ulus)?\b[\s{(]*(?:is |= ?)?|\b[ZF]_?\{?|\b[ZF]\/|[ℤ𝔽][_/]?\{?|\\mathbb ?\{?[ZF]\}?[_/]?\{?|\bGF ?\(\s*)(\d{1,6}|[₀-₉]{1,6})/gu;
/** What begins anew after so many. */
const cycles: ReadonlyArray<[words: RegExp, lengths: readonly number[]]> = [
  [
    /\b(?:clocks?|hours?|noon|midnight|o['’]clock|time|watch|shift|timezone|arriv\w*|depart\w*)\b|\d ?(?:[ap]\.?m|h)\b/i,
    [12, 24],
  ],
  [/\b(?:minutes?|seconds?|mins?|secs?|hours?|clocks?)\b/i, [60]],
  [/\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|weekdays?|days? of the week)\b/i, [7]],
  [/\b(?:months?|semitones?|octaves?|pitch)\b/i, [12]],
  [/\b(?:degrees?|compass|bearings?|headings?|rotat\w*)\b|°/i, [360]],
  [/\b(?:alphabet|letters?|cipher|caesar)\b/i, [26]],
];

const lastDigit = /\b(?:last|final|units|ones) digits?\b/i;

/** The line tells what somebody or something says: that is not the thought's own statement. */
const reported =
  /\b(?:claim(?:s|ed|ing)?|wr(?:ote|itten)|scribbl\w+|sa(?:ys?|id|ying)|told|answered|guess(?:es|ed)?|insist\w*|believ\w*|thinks?|thought|argue[sd]?|concluded?|quot(?:e[sd]?|ing|ation\w*)|printed|typed|entered|displays?|displayed|stated|supposedly|pretend\w*|joked?|meme|headline)\b|\b(?:his|her|their|\w+['’]s?) (?:\w+ )?(?:answers?|work|solution|reasoning|attempt|try|calculation|notebook|paper|homework|proof|version|computation|equation|line|result was)\b/i;
/** The line speaks of something wrong. */
const faulty =
  /\b(?:mis(?:take\w*|taken\w*|conception\w*|calculat\w*|comput\w*|count\w*|read\w*|print\w*|appl\w*|plac\w*|lead\w*|us(?:es?|ing)|add(?:s|ed|ing)|remember\w*)|errors?|erroneous\w*|wrong\w*|incorrect\w*|inaccura\w*|untrue|false\w*|invalid\w*|fallac\w*|flaw\w*|faulty|bugs?|buggy|typos?|na[iï]ve\w*|careless\w*|sloppy|tempting|pitfalls?|confus\w*|mixe[sd] up|ignor\w*|forg[eo]t\w*|neglect\w*|overlook\w*|violat\w*|breaks? (?:the )?(?:rules?|order)|disregard\w*|absurd|nonsens\w*|contradict\w*|counterexamples?|(?:crossed|struck) out|red (?:pen|ink)|not (?:right|true|correct|equal|valid|allowed)|left[- ]to[- ]right|should have|off by|refut\w*|debunk\w*|disprov\w*|common slip)\b|≠|[✗✘❌]/i;
const quoted = /["“”„«»][^"“”„«»]*=[^"“”„«»]*["“”„«»]/;
/** Code, whose signs mean what its language says. */
const code =
  /\b(?:javascript|typescript|python\d?|java|rust|golang|kotlin|php|haskell|sql|bash|c\+\+|c#|ints?|integer (?:division|overflow|arithmetic)|u?int\d+(?:_t)?|floating[- ]point|doubles?|strings?|chars?|overflow\w*|underflow\w*|truncat\w*|floor(?:s|ed)?|rounds? (?:down|up|toward)|NaN|undefined|console|printf?|println|const|var|def|elif|typeof|sizeof|interpreter|runtime|REPL|stdout|bytes?|checksum)\b|\bin C\b|;\s*$|\/\/|<<|>>|&&|\|\||[=!+*/%|^-]=|\+\+|0[xb][\da-f]|`|\w\(\)|\w\[\d|\w\.\w+\(|\breturn (?:-?\d|\w+;)/i;
const askedOfCode =
  /```|\b(?:javascript|typescript|python|java|rust|golang|kotlin|php|haskell|c\+\+|integer division|compiler|source code|this code|snippet)\b|\bin C\b/i;
/** `3.9` is followed by `3.10`. */
const versions =
  /\b(?:versions?|releases?|released|v\d|semver|firmware|changelog|upgrad\w*|downgrad\w*|patch(?:es)?|python|ubuntu|android|ios|kernel|sections?|chapters?|clauses?|bump\w*|minor)\b/i;
/** `3 - 1` is a result there, not a difference. */
const scores =
  /\b(?:scor(?:e|es|ed|ing|eline|eboard)|(?:the|an?|this|that|each|every|last|first|second) match|match score|half-? ?time|full-? ?time|league|playoffs?|penalt(?:y|ies)|shoot-?out|innings|aggregate|tie-?break\w*|teams?|goals?|chess|cricket|rugby|hockey|football|soccer|basketball|baseball|volleyball|boxing|darts|golf|bowling|(?:won|beat|drew|lost|led|tied|win|draw|ended|finished|stands? at|up)(?= \d+ ?[-–:] ?\d))\b/i;
const games = /\b(?:games?|sets?|rounds?|bouts?|frames?|series|record|ties?|tied|draws?|drew|drawn|wins?|won)\b/i;
const tennis = /\b(?:tennis|deuce|love|serv(?:e|es|ing))\b/i;
const hedged =
  /\b(?:about|approximate\w*|approx|roughly|around|nearly|almost|estimat\w*|ball-?park|round(?:ed|ing|s)?|nearest|order of magnitude)\b|[~≈∼]/i;
/** A part of the value that a round figure may be off by. */
const slack = 0.05;

/** Whether the conversation or the text is about numbers that ordinary arithmetic doesn't judge. */
export function isOfOtherArithmetic({ conversation, text }: Surroundings): boolean {
  return otherArithmetic.test(conversation) || otherArithmetic.test(text) || askedOfCode.test(conversation);
}

/**
 * Whether a line leaves doubt that an equation in it, which does not hold, is stated by it and is of ordinary numbers. What
 * stands around is read once, and once for each line: a text may be full of such equations.
 */
export function createDoubt({ conversation, text }: Surroundings) {
  const around = once(() => {
    const all = `${conversation}\n${text}`;
    return {
      moduli: moduliOf(all),
      ofLastDigit: lastDigit.test(all),
      lengths: cycles.flatMap(([words, lengths]) => (words.test(all) ? lengths : [])),
    };
  });
  return (line: string): ((equation: Equation) => boolean) => {
    const about = once(() => {
      const both = `${conversation}\n${line}`;
      return {
        isUnstated: [reported, faulty, quoted, code, residues].some((words) => words.test(line)),
        ofVersions: versions.test(both),
        ofTennis: tennis.test(both),
        ofScores: scores.test(both),
        ofGames: games.test(both),
        isHedged: hedged.test(line),
      };
    });
    return ({ left, right }) => {
      const { isUnstated, ofVersions, ofTennis, ofScores, ofGames, isHedged } = about();
      if (isUnstated || ofTennis || (ofVersions && /\d\.\d/.test(left + right))) return true;
      if (ofScores && left.includes(' - ')) return true;
      const [a, b, played] = [exactValue(left), exactValue(right), exactValue(left.replace(' - ', ' + '))];
      if (a === undefined || b === undefined) return false;
      // `6 - 4 = 10`: so many were played.
      if (ofGames && played?.equals(b) === true) return true;
      const apart = a.sub(b);
      const value = Math.abs(decimalOf(b));
      const isMultipleOf = (length: number): boolean => apart.d === 1n && apart.n % BigInt(length) === 0n;
      const { moduli, ofLastDigit, lengths } = around();
      if (moduli.some(isMultipleOf)) return true;
      if (ofLastDigit && `${left}${right}`.includes('^') && isMultipleOf(10)) return true;
      if (!/[*/]/.test(left) && lengths.some((length) => value <= length && isMultipleOf(length))) return true;
      return isHedged && isRounderThan(right, left) && Math.abs(decimalOf(apart)) <= value * slack;
    };
  };
}

function once<Value>(read: () => Value): () => Value {
  let known: { value: Value } | undefined;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}

function moduliOf(text: string): number[] {
  const written = [...text.matchAll(modulus)].map(([, digits = '']) => digits.normalize('NFKC'));
  return written.map(Number).filter((one) => one > 1);
}

/** A figure that ends in zeros, or in fewer decimals than what it stands for. */
function isRounderThan(figure: string, expression: string): boolean {
  if (/^-?\d*0$/.test(figure)) return true;
  const decimals = (text: string): number =>
    Math.max(0, ...[...text.matchAll(/\.(\d+)/g)].map(([, one = '']) => one.length));
  return decimals(figure) < decimals(expression);
}

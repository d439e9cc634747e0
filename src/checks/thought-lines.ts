/** A line of a thought with its number from 0. */
type ThoughtLine = { number: number; text: string };

const takesBack =
  /^\W*(?:(?:but|oh|ah) )?(wait|no\b|oops|actually|hold on|correction|sorry|hmm|that (is|was)(n't| not)? (wrong|right|correct)|(this|that|which) (is|was) (wrong|false|incorrect|impossible|not)|(this|that|it) ((doesn['’]t|does not) (work|match|fit|seem|make sense|add up|hold|equal|give|look)|(can['’]t|cannot) be|isn['’]t) |let me (redo|correct|fix|re-?calculate|re-?compute)|i made (a|an) (mistake|error)|there (is|must be|seems to be) (a|an) \w*\s?(mistake|error))/i;

/** True for a line that takes back the one before it. */
export function isTakeBack(text: string): boolean {
  return takesBack.test(text);
}

/** `Check: …`, `Let me verify that …`, `Check 4 + 5 = 9`; but not `Checking account: …`. */
const proves =
  /^\W*(?:(?:so|now|to|i|we|let me|let us|let['’]s) )*(?:double[- ]?)?(?:check(?:ing)?|verif(?:y|ying|ication)|proof|prove|proving)(?:\s*[:,—–-]|\s+(?:the|that|this|it|my|our|if|whether|by|with)\b|\s+[\d(][\d\s.,+*/×÷x()-]*=|$)/i;

/** True for a line by which the chain tests its own answer: where it does not hold, what came before it is wrong. */
export function isProof(text: string): boolean {
  return proves.test(text);
}

/** The lines that stand: without those that the chain itself takes back, blocks of code, and blank ones. */
export function standingLines(thought: string): ThoughtLine[] {
  let isCode = false;
  const lines = thought.split('\n').map((text, number) => {
    const isFence = /^\s*(?:```|~~~)/.test(text);
    if (isFence) isCode = !isCode;
    return { number, text, isCode: isCode || isFence };
  });
  const standing = lines.filter(({ text }) => text.trim() !== '');
  return standing.flatMap(({ number, text, isCode }, index) => {
    const next = standing[index + 1];
    const isTakenBack = isTakeBack(text) || (next !== undefined && isTakeBack(next.text));
    return isCode || isTakenBack ? [] : [{ number, text }];
  });
}

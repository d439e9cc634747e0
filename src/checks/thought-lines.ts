/** A line of a thought with its number from 0. */
export type ThoughtLine = { number: number; text: string };

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

/** The lines that stand: those that the chain itself takes back, and blank ones, are left out. */
export function standingLines(thought: string): ThoughtLine[] {
  const lines = thought.split('\n').map((text, number) => ({ number, text }));
  return lines.filter((line) => {
    if (line.text.trim() === '' || isTakeBack(line.text)) return false;
    const next = lines.slice(line.number + 1).find((later) => later.text.trim() !== '');
    return next === undefined || !isTakeBack(next.text);
  });
}

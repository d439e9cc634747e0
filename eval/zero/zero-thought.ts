/**
 * What the control writes after `prefix`, and the value that it concludes with. Its lines imitate those of the first
 * version of the embedded model, with zeros as values and words and lists copied from the question. No line contains
 * the right answer.
 */
export function zeroThought(question: string, prefix: string): { rest: string; conclusion: string } {
  const lines = zeroLines(question);
  const done = prefix.trimEnd().split('\n').length;
  const left = prefix === '' ? lines : lines.slice(done);
  const body = [...left, ''].join('\n');
  const rest = prefix === '' || prefix.endsWith('\n') ? body : `\n${body}`;
  const conclusion = lastValue(prefix + rest);
  return { rest: `${rest}So the answer is ${conclusion}.`, conclusion };
}

const number = String.raw`\(*\d[\d,.]*\)*`;
const sign = String.raw`(?:\s*[-+−×x*÷/^]\s*|\s+(?:times|plus|minus|mod|modulo|multiplied by|divided by|take away)\s+)`;
const written = new RegExp(`${number}(?:${sign}${number})+`);
const named =
  /\b(?:sum|product|difference|quotient|average|mean|total|percent)\b|%|\b(?:add|subtract|divide|multiply|double|remainder)\b|go into/i;

/** An expression in digits that the question contains, as the control copies it; undefined if there is none. */
function writtenExpression(question: string): string | undefined {
  return written.exec(question)?.[0].replace(/[.,]$/, '');
}

/**
 * Whether the question itself states the operation and the numbers: computing that requires no knowledge of its
 * wording.
 */
export function statesExpression(question: string): boolean {
  return written.test(question) || (named.test(question) && /\d/.test(question));
}

/** Fixed lines by the question's form. If several forms match, the first is used. */
function zeroLines(question: string): string[] {
  const expression = writtenExpression(question);
  if (expression !== undefined) return [`${expression} = 0.`];
  const word = spelledWord(question);
  if (word !== undefined) return spelled(question, word);
  const list = /(?:\d+, )+\d+/.exec(question)?.[0];
  const numbers: readonly string[] = question.match(/\d+(?:\.\d+)?/g) ?? [];
  const [first = '0', second = '0'] = numbers;
  const day = /\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b/.exec(question)?.[0];
  if (day !== undefined) return [`Counting ${first} forward: ${day} -> ${day}.`];
  if (/alphabetical/.test(question)) return [`In alphabetical order: ${question.split(': ')[1]}`];
  if (list !== undefined) return listed(question, list);
  if (/prime/.test(question)) return [`${first} ÷ 2 leaves 0.`, 'It is prime, so the answer is yes.'];
  if (/divisible/.test(question))
    return [`${second} × 0 = 0, and ${first} - 0 = 0.`, 'The remainder is 0, so the answer is no.'];
  if (/True|False/.test(question)) return [`${/: (.*?)[.?]/.exec(question)?.[1]} is False.`];
  if (/\d:\d\d/.test(question)) return [`Minutes: ${numbers.at(-1)} + 0 = 0.`, 'Hours: 0 + 0 = 0.'];
  if (/swap/.test(question)) return swapped(question);
  if (/[Bb]igger|smaller|larger|greater/.test(question))
    return [`0 is less than 0, so ${first} is smaller than ${second}.`, `Keep ${first}.`];
  const facts = question.match(/[A-Z][a-z]+ is \w+ than [A-Z][a-z]+/g);
  if (facts !== null) return [...facts.map((fact) => `${fact}.`), `The first is ${facts[0]?.split(' ')[0]}.`];
  return [`0 × ${first} = 0.`, `0 + ${second} = 0.`];
}

function spelledWord(question: string): string | undefined {
  const found =
    /"([a-z]{2,})"/.exec(question) ??
    /\b(?:word|spell|reverse) ([a-z]{2,})(?= letter|[.?]|$)/i.exec(question) ??
    /\bare (?:there )?in (?:the word )?([a-z]{2,})[.?]/.exec(question) ??
    /\bletters does ([a-z]+) have/.exec(question);
  return found?.[1];
}

function spelled(question: string, word: string): string[] {
  const letter = /\bletter "?([a-z])\b|\b([a-z])'?s\b/.exec(question)?.slice(1).find(Boolean) ?? 'a';
  const numbered = [...word].map((one) => `0 ${one}`).join(', ');
  if (/backward|reverse/i.test(question))
    return [`I spell the word: ${[...word].join('-')}.`, 'From the last letter to the first: 0.', `Joined: ${word}.`];
  if (/how many letters/i.test(question))
    return [`I spell the word and number each letter: ${numbered}.`, 'The last number is 0.'];
  if (/what is the \w+ letter/i.test(question)) return [`I number the letters: ${numbered}.`, 'Number 0 is 0.'];
  if (/spell/i.test(question)) return [`The letters of ${word} are ${[...word].reverse().join(' ')}.`];
  return [`I spell the word: ${[...word].join('-')}.`, `The letter ${letter} appears 0 times.`];
}

function listed(question: string, list: string): string[] {
  const numbers = list.split(', ');
  const [first = '0'] = numbers;
  if (/order|sort/i.test(question)) return [`In increasing order: ${list}.`];
  if (/next/.test(question)) return ['The differences are 0, 0, 0, so each term adds 0.', `0 + ${numbers.at(-1)} = 0.`];
  if (/largest|smallest/.test(question))
    return [`The ${/largest|smallest/.exec(question)?.[0]} of ${list} is ${first}.`];
  return [`${numbers.join(' no, ')} no.`, 'The count is 0.'];
}

function swapped(question: string): string[] {
  const balls = [...question.matchAll(/(\w+) has an? (\w+) ball/g)].map(([, name, color]) => `${name} has ${color}`);
  const swaps = [...question.matchAll(/(\w+) and (\w+) swap/g)].map(([said]) => `${said}: ${balls.join(', ')}.`);
  return [`Start: ${balls.join(', ')}.`, ...swaps];
}

/** The last value of a thought: what follows its last equals sign, colon, arrow or `is`, otherwise its last word. */
function lastValue(thought: string): string {
  const line = thought.trim().split('\n').at(-1) ?? '';
  const said = line.split(/[=:]|->|\b(?:is|appears|are|Keep)\b/).at(-1) ?? '';
  return said.trim().replace(/(?: times?)?\.?$/, '') || '0';
}

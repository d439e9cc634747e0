/** Tokens of a line, as far as equations need them. `glued`: no space before it. */
export type EquationToken = {
  kind: 'number' | 'operator' | 'equals' | 'percent' | 'word' | 'variable' | 'other';
  text: string;
  glued: boolean;
};

const currencies = new Map([
  ['$', 'dollar'],
  ['€', 'euro'],
  ['£', 'pound'],
  ['¥', 'yen'],
]);

const token = /(\d+(?:\.\d+)?|\.\d+)|([+\-*/^()])|(=)|(%)|([\p{L}°_]+)|(\S)/gu;

/** Splits a line into tokens with all writings of an operator as one: × ⋅ · x ÷ ∶ − – `\times`, powers as ^, thousands separators taken out. */
export function equationTokens(line: string): EquationToken[] {
  const text = line
    .replace(/\\(?:times|cdot)/g, '*')
    .replace(/\\div/g, '/')
    // `3\frac{1}{2}` is a mixed number or a product: read as neither.
    .replace(/(\d)\s*(?=\\[dt]?frac\{)/g, '$1¸')
    .replace(/\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}/g, '(($1)/($2))')
    .replace(/(\d)\s*\*\*\s*(?=\d)/g, '$1^')
    .replace(/\*\*|\\[()[\]]|`/g, ' ')
    .replace(/[×⋅·∙✕✖⨯╳＊]/g, '*')
    .replace(/[÷∕⁄∶／]/g, '/')
    .replace(/[−–—‒－]/g, '-')
    .replace(/＋/g, '+')
    .replace(/＝/g, '=')
    .replace(/([\d)])([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g, (_, base: string, power: string) => `${base}^(${inLine(power)})`)
    .replace(/(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d]|,\d)/g, (number) => number.replaceAll(',', ''))
    // What is left is a decimal comma (`3,5`) or a list: read as neither.
    .replace(/(?<=\d),(?=\d)/g, '¸')
    // Money before the number becomes its unit after it, so that both writings are one.
    .replace(/([$€£¥])\s?(\d+(?:\.\d+)?)/g, (_, sign: string, number: string) => `${number} ${currencies.get(sign)} `)
    .replace(/([\d)%])\s*[xX]\s*(?=[\d(])/g, '$1 * ')
    .replace(/(dollars?|euro|pound|yen)\s+[xX]\s+(?=[\d(])/g, '$1 * ')
    .replace(/(%|\d\/\d+)\s*of\s+(?=[\d(])/g, '$1 * ')
    .replace(/[<>!=≠]=|=[>~=]|[≈≠≤≥]/g, '≈');
  const tokens: EquationToken[] = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    const [all, number, operator, equals, percent, word] = match;
    const glued = match.index === end && end > 0;
    end = match.index + all.length;
    const kind =
      number !== undefined
        ? 'number'
        : operator !== undefined
          ? 'operator'
          : equals !== undefined
            ? 'equals'
            : percent !== undefined
              ? 'percent'
              : word !== undefined
                ? wordKind(all, glued, tokens.at(-1))
                : 'other';
    tokens.push({ kind, text: all, glued });
  }
  return tokens;
}

function inLine(power: string): string {
  return [...power].map((sign) => '-0123456789'['⁻⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(sign)] ?? '').join('');
}

const letterUnits = new Set(['m', 'g', 'l', 's', 'h', 'c', 'd']);

/** A single letter is an unknown (`3x`, `n`), unless it is a unit's sign behind a number; `a` is the article. */
function wordKind(word: string, glued: boolean, before: EquationToken | undefined): 'word' | 'variable' {
  if (word.length > 1 || word === 'a' || word === 'A' || word === 'I') return 'word';
  if (before?.kind === 'number' && letterUnits.has(word)) return 'word';
  return before?.kind === 'number' && !glued && word === 'R' ? 'word' : 'variable';
}

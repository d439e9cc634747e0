import { currencies, latexFraction, plainLatex, withoutThousands, withPowers } from '../../answers/notation.ts';
import { isAttachedUnit, letterUnits } from '../../answers/units.ts';

const arrows = /\\(?:implies|iff|to|(?:long)?(?:left)?(?:right|Right)arrow|therefore|because)(?![A-Za-z])|\\\\/g;
const relations = /\\(?:approx|sim|simeq|cong|equiv|propto|doteq|pmod|bmod|mod)(?![A-Za-z])/g;
const others = /\\(?![dt]?frac(?![A-Za-z]))[A-Za-z]+/g;
const power = /\^\s*\{\s*(-?\d+)\s*\}/g;
/** As Pandoc tells a formula from money: nothing but the formula’s own signs within its ends, no digit behind. */
const formula = /\$(?=\S)([^$]*[^\s$])\$(?!\d)/g;
/** What stands on a line of its own in print. */
const display = /\$\$|\\[[\]]/g;
const index = /_\s*\{[^{}]*\}/g;

/**
 * A line with its LaTeX as plain text as far as equations need it: `1.5 \text{ kg}` as `1.5 kg`, `2^{10}` as `2^(10)`. Any
 * other command (`\pi`, `\sqrt`) is an unknown, written π: nothing that stands by it can be reckoned without it.
 */
function withoutLatex(line: string): string {
  if (!/[\\{$]/.test(line)) return line;
  const placed = line
    .replace(display, ' ; ')
    .replace(formula, ' $1 ')
    .replace(/~(?=[A-Za-z\\])/g, ' ')
    .replace(arrows, ' → ');
  return plainLatex(placed)
    .replace(relations, ' ≈ ')
    .replace(/\\(?:[lg](?:eq?|t))(?![A-Za-z])/g, ' ≤ ')
    .replace(/\\(?:neq?|not\s*=)(?![A-Za-z])/g, ' ≠ ')
    .replace(/\\\$/g, '$$')
    .replace(power, '^($1)')
    .replace(index, '_')
    .replace(others, ' π ');
}

/** Tokens of a line, as far as equations need them. `glued`: no space before it. */
export type EquationToken = {
  kind: 'number' | 'operator' | 'equals' | 'percent' | 'word' | 'variable' | 'other';
  text: string;
  glued: boolean;
};

const token = /(\d+(?:\.\d+)?|\.\d+)|([+\-*/^()])|(=)|(%)|([\p{L}°_]+)|(\S)/gu;

/** Splits a line into tokens with all writings of an operator as one: × ⋅ · x ÷ ∶ − – `\times`, powers as ^, thousands separators taken out. */
export function equationTokens(line: string): EquationToken[] {
  const tidied = withPowers(withoutLatex(line))
    // `3\frac{1}{2}` is a mixed number or a product: read as neither.
    .replace(/(\d)\s*(?=\\[dt]?frac\{)/g, '$1¸')
    .replace(latexFraction, '(($1)/($2))')
    .replace(/\\[dt]?frac/g, ' π ')
    // `0x7f` is of another base; `b -= 2 * 31` counts down.
    .replace(/\b0[xb][\da-f]+\b/gi, ' ¸ ')
    .replace(/[-+*/]=(?!=)/g, ' ≈ ')
    .replace(/([\d)])\s*\*\*\s*(?=[\d(-])/g, '$1^')
    .replace(/\*\*|\\[()[\]]|`/g, ' ')
    .replace(/[×⋅·∙✕✖⨯╳＊]/g, '*')
    .replace(/[÷∕⁄∶／]/g, '/')
    .replace(/[−–—‒－]/g, '-')
    .replace(/＋/g, '+')
    .replace(/＝/g, '=');
  const text = withoutThousands(tidied)
    // What is left is a decimal comma (`3,5`) or a list: read as neither.
    .replace(/(?<=\d),(?=\d)/g, '¸')
    // Money before the number becomes its unit after it, so that both writings are one.
    .replace(/([$€£¥])\s?(\d+(?:\.\d+)?)/g, (_, sign: string, number: string) => `${number} ${currencies.get(sign)} `)
    // `2x4x10` is a size, `2x1 + x2` has unknowns.
    .replace(/\d(?:x\d+){2,}|(?<=\d)x(?=[12](?![\d.]).*x[12](?![\d.]))/g, (found) => found.replaceAll('x', '¸'))
    .replace(/([\d)%])\s*[xX]\s*(?=[\d(])/g, '$1 * ')
    .replace(/(dollars?|euro|pound|yen)\s+[xX]\s+(?=[\d(])/g, '$1 * ')
    .replace(/(%|\d\/\d+)\s*of\s+(?=[\d(])/g, '$1 * ')
    .replace(/!=|≠/g, '≠')
    .replace(/[<>]=|[≤≥]/g, '≤')
    .replace(/==|=[>~]|≈/g, '≈');
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
    const last = tokens.at(-1);
    // No article stands before a sign: `1/2 a^2 = 25`.
    if (last?.text === 'a' && (operator !== undefined || equals !== undefined)) last.kind = 'variable';
    tokens.push({ kind, text: all, glued });
  }
  return tokens;
}

const functions =
  /^(?:sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|sinh|cosh|tanh|log|ln|lg|exp|sqrt|cbrt|det|gcd|lcm|mod|max|min|abs|floor|ceil|round)$/i;

/**
 * An unknown is a single letter (`3x`, `n`), but for a unit's sign behind a number, the article and `I`; what is glued to a
 * number and is no unit (`4xy`); a name with an index or in capitals (`P_J`, `2 QM`); a function.
 */
function wordKind(word: string, glued: boolean, before: EquationToken | undefined): 'word' | 'variable' {
  if (word.includes('_') || functions.test(word)) return 'variable';
  const isBehindNumber = before?.kind === 'number';
  if (word.length === 1) {
    if (isBehindNumber && letterUnits.has(word)) return 'word';
    if (!glued && (word === 'a' || word === 'A' || word === 'I' || (isBehindNumber && word === 'R'))) return 'word';
    return 'variable';
  }
  if (glued && (isBehindNumber || before?.text === ')')) return isAttachedUnit(word) ? 'word' : 'variable';
  return isBehindNumber && /^\p{Lu}{2,3}$/u.test(word) && !isAttachedUnit(word) ? 'variable' : 'word';
}

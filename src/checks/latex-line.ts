/** Commands that only place or size what stands by them. */
const sizes = /\\(?:left|right|[bB]igg?[lr]?|displaystyle|limits)(?![A-Za-z])/g;
const spacing = /\\(?:q?quad(?![A-Za-z])|[,;:! ])/g;
const words = /\\(?:text(?:bf|it)?|math(?:rm|bf|it)|operatorname|mbox)\s*\{([^{}]*)\}/g;
const arrows = /\\(?:implies|iff|to|(?:long)?(?:left)?(?:right|Right)arrow|therefore|because)(?![A-Za-z])|\\\\/g;
const relations = /\\(?:approx|sim|simeq|cong|equiv|propto|doteq|pmod|bmod|mod)(?![A-Za-z])/g;
const others = /\\(?!(?:times|cdot|div|[dt]?frac)(?![A-Za-z]))[A-Za-z]+/g;
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
export function withoutLatex(line: string): string {
  if (!/[\\{$]/.test(line)) return line;
  return line
    .replace(/\\([%#&])/g, '$1')
    .replace(display, ' ; ')
    .replace(formula, ' $1 ')
    .replace(/~(?=[A-Za-z\\])/g, ' ')
    .replace(/\{,\}|,\\!/g, ',')
    .replace(arrows, ' → ')
    .replace(sizes, '')
    .replace(spacing, ' ')
    .replace(words, ' $1 ')
    .replace(relations, ' ≈ ')
    .replace(/\\(?:[lg](?:eq?|t))(?![A-Za-z])/g, ' ≤ ')
    .replace(/\\(?:neq?|not\s*=)(?![A-Za-z])/g, ' ≠ ')
    .replace(/\\\$/g, '$$')
    .replace(power, '^($1)')
    .replace(index, '_')
    .replace(others, ' π ');
}

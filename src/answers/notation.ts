/** LaTeX commands that only place or size what stands by them. */
const sizes = /\\(?:left|right|[bB]igg?[lr]?|displaystyle|limits)(?![A-Za-z])/g;
const spacing = /\\(?:q?quad(?![A-Za-z])|[,;:! ])/g;
const words = /\\(?:text(?:bf|it)?|math(?:rm|bf|it)|operatorname|mbox)\s*\{([^{}]*)\}/g;
/** Its groups are what stands above the line and below it. */
export const latexFraction = /\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}/g;

/** LaTeX with a plain writing as that: `1.5 \text{ kg}` as `1.5  kg`, `\times` as ×, `90^\circ` as 90°. Other commands stay. */
export function plainLatex(text: string): string {
  if (!/[\\{]/.test(text)) return text;
  return text
    .replace(/\^\s*\{?\\circ\}?/g, '°')
    .replace(/\\([%#&])/g, '$1')
    .replace(/\{,\}|,\\!/g, ',')
    .replace(sizes, '')
    .replace(spacing, ' ')
    .replace(words, ' $1 ')
    .replace(/\\times(?![A-Za-z])/g, '×')
    .replace(/\\cdot(?![A-Za-z])/g, '·')
    .replace(/\\div(?![A-Za-z])/g, '÷');
}

const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Raised digits behind a number or a bracket as a power: `10³` as `10^(3)`. */
export function withPowers(text: string): string {
  return text.replace(
    /([\d)])(⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)/gu,
    (_, base: string, power: string) =>
      `${base}^(${[...power].map((sign) => (sign === '⁻' ? '-' : String(raised.indexOf(sign)))).join('')})`,
  );
}

/** Without commas between thousands; a list of three-digit numbers stays one. */
export function withoutThousands(text: string): string {
  return text.replace(/(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d]|,\d)/g, (number) => number.replaceAll(',', ''));
}

/** The unit that each sign of money stands for. */
export const currencies: ReadonlyMap<string, string> = new Map([
  ['$', 'dollar'],
  ['€', 'euro'],
  ['£', 'pound'],
  ['¥', 'yen'],
]);

/** Text without the asterisks of bold type; those of a power (`2**3`) stay. */
export function withoutBold(text: string): string {
  return text.replace(/(?<![\w)])\*\*(?=\S)|(?<=\S)\*\*(?!\w)/g, '');
}

// Line ends and tabs are text; the rest of C0, DEL and C1 are orders to a terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const orders = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** What others wrote (a model, whoever asked), for a terminal: without the characters that would make it do something. */
export function shownText(text: string): string {
  return text.replaceAll(orders, '');
}

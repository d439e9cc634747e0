/**
 * Puts a text into the clipboard.
 * @returns whether it is there: over plain http on another host than loopback, browsers have no clipboard
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

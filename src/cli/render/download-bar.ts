import { SingleBar } from 'cli-progress';
import type { HubProgress } from '../../models/local/folder/hub.ts';
import type { Terminal } from '../terminal.ts';

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

/** Shows a download on standard error: a bar where that is a terminal, else a line for each tenth. Ended by `stop`. */
export function downloadBar(
  terminal: Pick<Terminal, 'note' | 'noteLive'>,
  stream: NodeJS.WritableStream = process.stderr,
): { onProgress(progress: HubProgress): void; stop(): void } {
  let bar: SingleBar | undefined;
  let last = '';
  return {
    onProgress({ name, done, total }) {
      const text = { name, have: megabytes(done), all: megabytes(total) };
      if (!terminal.noteLive) {
        const line = `Downloading ${name}: ${total === 0 ? 0 : Math.floor((10 * done) / total) * 10} % of ${text.all} MB`;
        if (line !== last) terminal.note(line);
        last = line;
        return;
      }
      if (bar === undefined) {
        bar = new SingleBar({
          format: 'Downloading {name} [{bar}] {percentage} % of {all} MB, {eta_formatted} left',
          stream,
          clearOnComplete: true,
          hideCursor: true,
        });
        bar.start(total, done, text);
      }
      bar.setTotal(total);
      bar.update(done, text);
      if (done === total) this.stop();
    },
    stop() {
      bar?.stop();
      bar = undefined;
    },
  };
}

/** What a backup is doing, on stderr: a line for each stage, and how far the last one has come. */
const EVERY_MS = 1_000;

/** "12.3 MB". */
export const bytesTold = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`;

/** `part` may be called as often as one likes. */
export const createStages = (quiet: boolean) => {
  const terminal = process.stderr.isTTY === true;
  let shownMs = performance.now();
  const write = (text: string): void => void (quiet || process.stderr.write(text));
  return {
    say: (what: string): void => write(terminal ? `\r\u001b[2K${what} …` : `${what} …\n`),
    part(done: number, all: number): void {
      const nowMs = performance.now();
      if (nowMs - shownMs < EVERY_MS || all === 0) return;
      shownMs = nowMs;
      const text = `${String(Math.floor((done / all) * 100)).padStart(3)} %  ${bytesTold(done)} of ${bytesTold(all)}`;
      write(terminal ? `\r\u001b[2K${text}` : `${text}\n`);
    },
    done: (): void => (terminal ? write("\r\u001b[2K") : undefined),
  };
};

/** `npm run backup` and `npm run restore`, as built. */
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";

const CLI = resolve(import.meta.dirname, "../../build/server/cli");

/** Resolves with its exit code and everything it printed. */
export const runBackup = (program: "backup" | "restore", ...args: string[]): Promise<{ code: number | null; out: string }> =>
  new Promise((done) => {
    const child = spawn(process.execPath, [join(CLI, `${program}.js`), ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece: Buffer) => void (out += piece.toString()));
    child.once("close", (code) => done({ code, out }));
  });

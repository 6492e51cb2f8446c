/** A small disk of one's own, to be filled: a tmpfs, where root may mount one. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MB = 1 << 20;

export interface Disk {
  readonly folder: string;
  /** Takes all that is left, to the last block. */
  readonly fill: () => void;
  /** Gives it back. */
  readonly free: () => void;
  readonly unmount: () => void;
}

/** Gives the folder. Throws where it cannot be mounted. */
const mount = (type: "tmpfs" | "ramfs", options: readonly string[]): string => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-disk-"));
  if (spawnSync("mount", ["-t", type, ...options, type, folder]).status === 0) return folder;
  rmSync(folder, { recursive: true, force: true });
  throw new Error(`no ${type} can be mounted on ${folder}`);
};
const unmount = (folder: string): void => {
  spawnSync("umount", ["-l", folder]);
  rmSync(folder, { recursive: true, force: true });
};

/** One that does not tell how large it is, as some over a network. Throws where it cannot be mounted. */
export const mountUntold = (): Pick<Disk, "folder" | "unmount"> => {
  const folder = mount("ramfs", []);
  return { folder, unmount: () => unmount(folder) };
};

/** Throws where it cannot be mounted. */
export const mountSmall = (sizeMb: number): Disk => {
  const folder = mount("tmpfs", ["-o", `size=${sizeMb}m`]);
  const filler = join(folder, "filler");
  const left = (): number => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  };
  return {
    folder,
    fill() {
      for (let bytes = left(); bytes > 0; bytes = left())
        try {
          writeFileSync(filler, Buffer.alloc(Math.min(bytes, MB)), { flag: "a" });
        } catch {
          return;
        }
    },
    free: () => rmSync(filler, { force: true }),
    unmount: () => unmount(folder),
  };
};

/** It needs root, and a kernel that lets root mount. */
export const canMount = (): boolean => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  try {
    mountSmall(1).unmount();
    return true;
  } catch {
    return false;
  }
};

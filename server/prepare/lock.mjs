// One preparation at a time in this folder, also when the one that holds the lock is killed.
import { randomUUID } from "node:crypto";
import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

const POLL_MS = 250;
const BEAT_MS = 1_000;
/** So many polls in a row without a sign of life: about a minute. Counted, not timed, so that a laptop may sleep in between. */
const SILENT_POLLS = 240;
const TELL_POLLS = 20;

const alive = (pid) => {
  if (pid === null || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};

/** What the lock file says and when it was last touched; null where there is none. */
const look = (path) => {
  try {
    const text = readFileSync(path, "utf8");
    const touched = statSync(path).mtimeMs;
    try {
      return { ...JSON.parse(text), text, touched };
    } catch {
      // Killed between making the file and writing it, or still writing it: the silence will tell.
      return { host: null, pid: null, child: null, text, touched };
    }
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
};

const make = (path, text) => {
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
};

/** A dead holder's npm may still be at work; it is left to finish, and then nothing more has to be installed. */
const isDead = (lock) => lock.host === hostname() && !alive(lock.pid) && !alive(lock.child);

/** Removes exactly the lock that was seen: of two that wait, the second must not remove the first one's new lock. */
const removeStale = (path, seen) => {
  const guard = `${path}.takeover`;
  if (!make(guard, String(process.pid))) {
    if ((look(guard)?.touched ?? Infinity) < Date.now() - 10_000) rmSync(guard, { force: true });
    return false;
  }
  const same = look(path)?.text === seen.text;
  if (same) rmSync(path, { force: true });
  rmSync(guard, { force: true });
  return same;
};

/**
 * Waits for the lock and takes it. `onLost` is called when the file stops being ours (this process was suspended for long).
 * Gives `setChild(pid)`, which names the program at work for whoever comes after a kill, and `release()`.
 */
export const takeLock = async (path, { say, onLost, pollMs = POLL_MS, beatMs = BEAT_MS }) => {
  const mine = { pid: process.pid, host: hostname(), token: randomUUID() };
  let written = JSON.stringify({ ...mine, child: null });
  for (let polls = 0, silent = 0, touched = null; !make(path, written); polls += 1) {
    const seen = look(path);
    if (seen === null) continue;
    silent = seen.touched === touched ? silent + 1 : 0;
    touched = seen.touched;
    if (isDead(seen) || silent > SILENT_POLLS) {
      if (removeStale(path, seen)) say("an earlier start ended half-way; going on from there");
      continue;
    }
    if (polls === 0) say("another start is preparing this folder; waiting for it");
    else if (polls % TELL_POLLS === 0) say(`still waiting, ${Math.round((polls * pollMs) / 1000)} s`);
    await wait(pollMs);
  }
  const isMine = () => look(path)?.token === mine.token;
  const beat = setInterval(() => {
    if (!isMine()) return onLost();
    const now = new Date();
    utimesSync(path, now, now);
  }, beatMs);
  beat.unref();
  return {
    setChild(pid) {
      written = JSON.stringify({ ...mine, child: pid });
      if (isMine()) writeFileSync(path, written);
    },
    release() {
      clearInterval(beat);
      if (isMine()) rmSync(path, { force: true });
    },
  };
};

/** What one connection may ask of the embedded broker: the size of a packet, and how many messages a second. */
const LENGTH_BYTES = 4;

/**
 * Gives a function that is shown the bytes of one connection in order and answers true as soon as a packet says that it is longer than
 * `mostBytes` (remaining length, MQTT 3.1.1 §2.2.3). Without it the parser would gather up to 256 MB before anybody could look at it.
 */
export const createSizeGuard = (mostBytes: number): ((bytes: Uint8Array) => boolean) => {
  /** Bytes of the current packet still to come. */
  let left = 0;
  let inHead = false;
  let length = 0;
  let shift = 0;
  return (bytes) => {
    for (let at = 0; at < bytes.length;) {
      if (left > 0) {
        const step = Math.min(left, bytes.length - at);
        left -= step;
        at += step;
      } else if (!inHead) {
        inHead = true;
        length = 0;
        shift = 0;
        at += 1;
      } else {
        const byte = bytes[at++] ?? 0;
        length += (byte & 127) * 2 ** (7 * shift++);
        if (byte >= 128 && shift < LENGTH_BYTES) continue;
        if (byte >= 128 || length > mostBytes) return true;
        inHead = false;
        left = length;
      }
    }
    return false;
  };
};

export interface Pace {
  /** ms to wait before the next message is taken; 0: none. */
  readonly waitMs: (nowMs: number) => number;
}

/** A bucket of `burst` messages that fills at `perS`: whoever empties it waits, and loses nothing. Infinity: no limit. */
export const createPace = (perS: number, burst: number, nowMs: number): Pace => {
  let level = burst;
  let at = nowMs;
  return {
    waitMs(now: number): number {
      if (perS === Infinity) return 0;
      level = Math.min(burst, level + ((now - at) / 1_000) * perS) - 1;
      at = now;
      return level >= 0 ? 0 : Math.ceil((-level / perS) * 1_000);
    },
  };
};

export interface Line {
  /** Has its turn at once, or when its pace allows and all before it had theirs: then it gives true. */
  readonly take: (work: () => void) => boolean;
}

/** Whoever shares a pace has one line with one timer: timers of their own would fire in any order once the machine is late. */
export const createLine = (pace: Pace): Line => {
  const waiting: { readonly dueMs: number; readonly work: () => void }[] = [];
  let isWoken = false;
  const wake = (): void => {
    const next = waiting[0];
    if (next === undefined || isWoken) return;
    isWoken = true;
    setTimeout(go, Math.ceil(next.dueMs - performance.now()));
  };
  const go = (): void => {
    const nowMs = performance.now();
    for (let next = waiting[0]; next !== undefined && next.dueMs <= nowMs; next = waiting[0]) {
      waiting.shift();
      next.work();
    }
    isWoken = false;
    wake();
  };
  return {
    take(work) {
      const nowMs = performance.now();
      const waitMs = pace.waitMs(nowMs);
      if (waitMs === 0 && waiting.length === 0) {
        work();
        return false;
      }
      waiting.push({ dueMs: nowMs + waitMs, work });
      wake();
      return true;
    },
  };
};

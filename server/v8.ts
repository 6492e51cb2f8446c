/** How V8 keeps its memory in this program. Imported first, before anything is compiled with other settings. */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { growingPercent } from "./heap-room.ts";

// V8 learns from a burst (ten thousand births at a start, each waiting for the disk) that what a message brings lives long, and from then on
// makes all of it old at birth: packets and payloads that live 50 ms then wait for a collection of the whole heap. It never unlearns that.
setFlagsFromString("--no-allocation-site-pretenuring");

const SAMPLE_MS = 10_000;
/** The least of so many samples is taken for what is in use: the heap was collected between them, or has not grown. */
const SAMPLES = 3;

const samples: number[] = [];
const look = (): void => {
  samples.push(getHeapStatistics().used_heap_size);
  if (samples.length > SAMPLES) samples.shift();
  setFlagsFromString(`--heap-growing-percent=${growingPercent(Math.min(...samples))}`);
};
look();
setInterval(look, SAMPLE_MS).unref();

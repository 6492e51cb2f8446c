/**
 * How V8 keeps its memory in this program. Imported first, before anything is compiled with other settings.
 */
import { setFlagsFromString } from "node:v8";

// V8 learns from a burst (ten thousand births at a start, each waiting for the disk) that what a message brings lives long, and from then on
// makes all of it old at birth: packets and payloads that live 50 ms then wait for a collection of the whole heap. It never unlearns that.
setFlagsFromString("--no-allocation-site-pretenuring");
// By default the heap doubles before the whole of it is collected again: ten thousand rigs then take 200 MB more for 1 % of a core less.
setFlagsFromString("--heap-growing-percent=40");

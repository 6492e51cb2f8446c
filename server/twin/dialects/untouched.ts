/** A machine's own answer published as it is, under any topic: AxeOS' `/api/system/info` and whatever else a parser surely knows. */
import { layOut } from "../formats/answers.ts";
import { FORMATS, readAnswers } from "../formats/index.ts";
import { isObject, keptOf, rigNameFrom, timeOf, type Dialect, type Memory } from "./dialect.ts";
import { readingOf } from "./reading-of.ts";

/** Less sure than this, a stranger's JSON is not taken for a miner's. */
const SURE = 80;

export const untouched: Dialect<Memory> = {
  name: "untouched",
  hear: ({ topic, json, site, receivedTs }, memory) => {
    if (!isObject(json)) return null;
    const answers = { answer: json };
    if (!FORMATS.some((format) => format.score(layOut(answers)) >= SURE)) return null;
    const read = readAnswers(answers);
    if ("code" in read) return null;
    const { mac } = read.identity;
    const rig = mac === null ? rigNameFrom(topic) : `m-${mac.replaceAll(":", "").toLowerCase()}`;
    if (rig === null) return null;
    return [readingOf(site, rig, read.format, timeOf(keptOf(memory, `untouched ${rig}`), receivedTs), receivedTs, read)];
  },
};

/** Curtailment of a farm that has no rigs. */
import { createCurtail } from "../../../server/flows/curtail.ts";
import { newFarm } from "../../../server/twin/farm.ts";

const none = newFarm("farm");
const { curtailment, curtail, planCurtailment } = createCurtail({
  clock: { now: () => 1_762_862_400_000, every: () => () => undefined },
  farm: () => none,
  write: () => Promise.resolve(),
  order: () => Promise.reject(new Error("nothing is ordered here")),
  onError: () => undefined,
});
export const CURTAIL = { curtailment, curtail, planCurtailment };

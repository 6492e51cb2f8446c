/** What people say on a farm of one rig, in memory. */
import { createNotes } from "../../../server/flows/notes.ts";
import { newFarm } from "../../../server/twin/farm.ts";
import { newTwin } from "../../../server/twin/fold.ts";
import { foldNote } from "../../../server/twin/notes/book.ts";
import type { NoteNews } from "../../../server/twin/notes/shapes.ts";

const farm = newFarm("farm");
farm.twins.set("rig-0001", newTwin("farm", "rig-0001", 0, 1_762_862_400_000));
export const NOTES = createNotes({
  now: () => 1_762_862_400_000,
  farm: () => farm,
  write: async (_topic, payload) => foldNote(farm, JSON.parse(new TextDecoder().decode(payload)) as NoteNews, 1_762_862_400_000),
});

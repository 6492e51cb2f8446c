import { afterAll, afterEach, beforeAll, describe, jest } from "@jest/globals";
import { accessScenes } from "./scenes/access.ts";
import { alarmScenes } from "./scenes/alarms.ts";
import { contrastScenes } from "./scenes/axe.ts";
import { budgetScenes } from "./scenes/budget.ts";
import { economicsScenes } from "./scenes/economics.ts";
import { handScenes } from "./scenes/hands.ts";
import { feedScenes } from "./scenes/feed.ts";
import { loginScenes } from "./scenes/login.ts";
import { maintenanceScenes } from "./scenes/maintenance.ts";
import { mapScenes } from "./scenes/map.ts";
import { replayScenes } from "./scenes/replay.ts";
import { rigScenes } from "./scenes/rig.ts";
import { rigsScenes } from "./scenes/rigs.ts";
import { shellScenes } from "./scenes/shell.ts";
import { stateScenes } from "./scenes/states.ts";
import { teamScenes } from "./scenes/team.ts";
import { tourScenes } from "./scenes/tour.ts";
import { twinScenes, verifierScenes } from "./scenes/twin.ts";
import { walkScenes } from "./scenes/walk.ts";
import { openWorld, type World } from "./world.ts";

// A page, a server and a browser on a busy machine.
jest.setTimeout(45_000);
// A scene that was starved once is told and tried once more; what is broken fails again.
jest.retryTimes(1, { logErrorsBeforeRetry: true, retryImmediately: true });

let world: World;
beforeAll(async () => {
  world = await openWorld();
}, 180_000);
afterEach(() => world.leave());
afterAll(() => world.end());

describe("walking through the pages", () => {
  walkScenes(() => world);
});
describe("every page", () => {
  tourScenes(() => world);
});
describe("every page when things go wrong", () => {
  stateScenes(() => world);
});
describe("nothing that axe finds", () => {
  contrastScenes(() => world);
});
describe("the live feed", () => {
  feedScenes(() => world);
});
describe("the floor map", () => {
  mapScenes(() => world);
});
describe("the table of rigs", () => {
  rigsScenes(() => world);
});
describe("a rig's page", () => {
  rigScenes(() => world);
});
describe("alarms", () => {
  alarmScenes(() => world);
});
describe("many rigs at once", () => {
  handScenes(() => world);
});
describe("economics", () => {
  economicsScenes(() => world);
});
describe("maintenance", () => {
  maintenanceScenes(() => world);
});
describe("replay", () => {
  replayScenes(() => world);
});
describe("people who work together", () => {
  teamScenes(() => world);
});
describe("the installed shell", () => {
  shellScenes(() => world);
});
describe("logging in", () => {
  loginScenes(() => world);
});
describe("access", () => {
  accessScenes(() => world);
});
describe("what is loaded", () => {
  budgetScenes(() => world);
});
describe("a twin's public page", () => {
  twinScenes(() => world);
});
describe("the saved verifier", () => {
  verifierScenes(() => world);
});

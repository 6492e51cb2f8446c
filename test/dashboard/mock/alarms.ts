/** The mock's incidents, rules, maintenance and notifications: the real desks over a farm that is empty else. */
import { createHash } from "node:crypto";
import type { Express, Request, Response } from "express";
import { createAlarmDesk } from "../../../server/flows/alarm-desk.ts";
import { createCurtail } from "../../../server/flows/curtail.ts";
import { createPushDesk } from "../../../server/flows/push-desk.ts";
import { createNotifyDesk } from "../../../server/flows/notify-desk.ts";
import { alarmActs } from "../../../server/twin/alarm-bulk.ts";
import type { Incident } from "../../../server/twin/alarms/incident.ts";
import { alarmAct } from "../../../server/twin/alarms/shapes.ts";
import { newTrial, type Trial } from "../../../server/twin/alarms/watch-shapes.ts";
import { foldEntry, newFarm, nothingYet } from "../../../server/twin/farm.ts";
import { curtailAct, curtailPlan } from "../../../server/twin/curtail/shapes.ts";
import { newChannel, notifyRules, NO_SETTINGS, type Secrets } from "../../../server/twin/notify/shapes.ts";
import { newPushDevice, type NewPushDevice } from "../../../server/twin/notify/push.ts";
import { Refused, type Code } from "../../../server/twin/refusal.ts";
import type { Alarm } from "../../../server/twin/twin.ts";
import { OWN, ROUTES } from "../../../server/twin/wire.ts";

export interface AlarmHands {
  readonly site: string;
  readonly now: () => number;
  readonly active: () => readonly Alarm[];
  readonly acknowledge: (id: string, by: string) => void;
  readonly posted: (body: unknown) => void;
  readonly refuse: (response: Response, code: Code, detail?: string) => void;
}
const FEW = 3;

export const incidentsOf = (site: string, active: readonly Alarm[]): Incident[] => {
  const low = active.filter(({ kind }) => kind === "low-hashrate");
  const incident = (scope: Incident["scope"], name: string, says: string, of: readonly Alarm[]): Incident => ({
    id: `${site}/incident/${scope}/${name}`,
    site,
    scope,
    name,
    symptom: "work",
    severity: of.some(({ severity }) => severity === "critical") ? "critical" : "major",
    says,
    openedTs: Math.min(...of.map(({ raisedTs }) => raisedTs)),
    lastTs: Math.max(...of.map(({ raisedTs }) => raisedTs)),
    closedTs: null,
    mergedInto: null,
    members: of.map(({ rig, id }) => ({ rig, alarm: id })),
  });
  const others = active.filter(({ kind, severity }) => kind !== "low-hashrate" && severity === "critical").slice(0, FEW);
  return [
    ...(low.length < 2 ? [] : [incident("rack", "a r4", `Rack a r4: ${low.length} of 12 rigs, hashes below its target.`, low)]),
    ...others.map((alarm) => incident("rig", alarm.rig, `Rig ${alarm.rig}: ${alarm.message}`, [alarm])),
  ];
};

/** Gives the browsers that are told by push. */
export const mountAlarms = (app: Express, hands: AlarmHands): (() => readonly NewPushDevice[]) => {
  const farm = newFarm(hands.site);
  const write = (topic: string, payload: Uint8Array): Promise<void> => {
    const entry = {
      pos: farm.asOfPos + 1,
      receivedTs: hands.now(),
      topic,
      payload,
      qos: 1 as const,
      retain: false,
      dup: false,
      client: "",
    };
    foldEntry(farm, entry, nothingYet());
    return Promise.resolve();
  };
  const desk = createAlarmDesk({ farm: () => farm, write });
  let settings = NO_SETTINGS;
  let secrets = new Map<string, Secrets>();
  const store: Parameters<typeof createPushDesk>[0]["store"] = {
    settings: () => settings,
    secrets: (channel) => secrets.get(channel) ?? {},
    save: (next, hidden) => {
      settings = next;
      secrets = new Map(hidden);
      return Promise.resolve();
    },
  };
  let browsers: (NewPushDevice & { id: string; by: string; addedTs: number })[] = [];
  const push = createPushDesk({
    now: hands.now,
    store,
    push: {
      keys: () => ({ publicKey: `B${"A".repeat(86)}` }),
      devices: () => browsers,
      add: async (device, by, addedTs) => {
        const id = createHash("sha256").update(device.endpoint).digest("hex").slice(0, 16);
        browsers = [...browsers.filter((each) => each.id !== id), { ...device, id, by, addedTs }];
      },
      drop: async (id) => void (browsers = browsers.filter((each) => each.id !== id)),
    },
  });
  const notify = createNotifyDesk({
    now: hands.now,
    farm: () => farm,
    store,
    send: ({ id }) =>
      Promise.resolve(
        id === "broken" ? { outcome: "failed", detail: "HTTP 404 no such hook" } : { outcome: "sent", detail: "HTTP 200 ok" },
      ),
    poke: () => undefined,
  });
  const answer =
    (work: (request: Request) => unknown) =>
    async (request: Request, response: Response): Promise<void> => {
      try {
        response.json(await work(request));
      } catch (error) {
        if (error instanceof Refused) hands.refuse(response, error.code, error.detail);
        else hands.refuse(response, "REQUEST_INVALID", String(error));
      }
    };
  app.get(
    ROUTES.incidents,
    answer(() => {
      const incidents = incidentsOf(hands.site, hands.active());
      return { total: incidents.length, incidents };
    }),
  );
  app.get(
    ROUTES.alarmRules,
    answer(() => desk.alarmRules()),
  );
  app.post(
    ROUTES.alarmRules,
    answer(({ body }) => {
      hands.posted(body);
      return desk.alarmAct(alarmAct.parse(body));
    }),
  );
  let trial: Trial | null = null;
  app.get(
    ROUTES.ruleTrial,
    answer(() => {
      if (trial?.state === "running")
        trial = {
          ...trial,
          state: "done",
          donePart: 1,
          raised: 14,
          was: 3,
          rigs: 5,
          alarms: [{ rig: "a-r4-03", raisedTs: trial.fromTs, clearedTs: null, message: "41 °C at the intake." }],
        };
      return { trial };
    }),
  );
  app.post(
    ROUTES.ruleTrial,
    answer(({ body }) => {
      hands.posted(body);
      const { kind, setting, days } = newTrial.parse(body);
      const toTs = hands.now();
      const fromTs = toTs - days * 86_400_000;
      trial = { kind, setting, fromTs, toTs, state: "running", donePart: 0.4, raised: 2, was: 3, rigs: 1, alarms: [], detail: "" };
      return { trial };
    }),
  );
  app.post(
    ROUTES.alarmActs,
    answer(({ body }) => {
      hands.posted(body);
      const told = alarmActs.parse(body);
      const members = incidentsOf(hands.site, hands.active())
        .filter(({ id }) => told.incidents.includes(id))
        .flatMap((each) => each.members);
      const ids = new Set([...told.alarms, ...members.map(({ alarm }) => alarm)]);
      if (told.what === "acknowledge") for (const id of ids) hands.acknowledge(id, told.by);
      return { alarms: ids.size, unknown: 0 };
    }),
  );
  const curtail = createCurtail({
    clock: { now: hands.now, every: () => () => undefined },
    farm: () => farm,
    write,
    order: () => Promise.reject(new Error("nothing is ordered here")),
    onError: () => undefined,
  });
  app.get(
    ROUTES.curtailment,
    answer(() => curtail.curtailment()),
  );
  app.post(
    ROUTES.curtailment,
    answer(async ({ body }) => {
      hands.posted(body);
      await curtail.curtail(curtailAct.parse(body));
      await write(OWN.tick, new TextEncoder().encode("{}"));
      return curtail.curtailment();
    }),
  );
  app.post(
    ROUTES.curtailmentPlan,
    answer(({ body }) => curtail.planCurtailment(curtailPlan.parse(body))),
  );
  app.get(
    ROUTES.notifications,
    answer(() => notify.notifications()),
  );
  app.post(
    ROUTES.notifications,
    answer(({ body }) => notify.setNotifyRules(notifyRules.parse(body))),
  );
  app.post(
    ROUTES.channels,
    answer(({ body }) => notify.setChannel(newChannel.parse(body))),
  );
  app.delete(
    ROUTES.channel,
    answer(({ params }) => notify.endChannel(String(params["channel"]))),
  );
  app.post(
    ROUTES.channelTest,
    answer(({ params }) => notify.testChannel(String(params["channel"]))),
  );
  app.get(
    ROUTES.pushDevices,
    answer(() => push.pushDevices()),
  );
  app.post(
    ROUTES.pushDevices,
    answer(({ body }) => push.addPushDevice("admin", newPushDevice.parse(body))),
  );
  app.delete(
    ROUTES.pushDevice,
    answer(({ params }) => push.endPushDevice("admin", true, String(params["device"]))),
  );
  return () => browsers;
};

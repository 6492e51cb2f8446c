/** Every driver. To add one: a file beside these, a line here, and its parser in server/twin/formats. */
import { antminer } from "./antminer.ts";
import { auradine } from "./auradine.ts";
import { avalon } from "./avalon.ts";
import { axeos } from "./axeos.ts";
import { bosminer } from "./bosminer.ts";
import { braiins } from "./braiins.ts";
import { braiinsGraphql } from "./braiins-graphql.ts";
import { cgminer } from "./cgminer.ts";
import type { Driver } from "./driver.ts";
import { epic } from "./epic.ts";
import { goldshell } from "./goldshell.ts";
import { luxos } from "./luxos.ts";
import { marathon } from "./marathon.ts";
import { proto } from "./proto.ts";
import { sealminer } from "./sealminer.ts";
import { vnish } from "./vnish.ts";
import { whatsminer } from "./whatsminer.ts";
import { whatsminer3 } from "./whatsminer3.ts";

export const DRIVERS: readonly Driver[] = [
  braiins,
  braiinsGraphql,
  bosminer,
  vnish,
  luxos,
  whatsminer3,
  whatsminer,
  avalon,
  epic,
  marathon,
  auradine,
  proto,
  sealminer,
  goldshell,
  axeos,
  antminer,
  cgminer,
];

export const driverOf = (format: string): Driver | null => DRIVERS.find((driver) => driver.format === format) ?? null;

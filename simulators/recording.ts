/** The farm's messages as a recording: the same options give the same lines. */
import { createRecording, linkPure, type Link, type Told } from "../server/twin/recording.ts";
import { messages, type Message, type MessageOptions } from "./messages.ts";
import { gatewayName } from "./plant/layout.ts";

const toldOf = ({ topic, payload, retain, gateway }: Message): Told => ({
  topic,
  payload,
  qos: 1,
  retain,
  dup: false,
  client: gatewayName(gateway),
  properties: null,
});

/** Yields the lines of a recording, each with its line end; `link` as in createRecording. Throws what `messages` throws. */
export function* recordingOf(options: MessageOptions, link: Link = linkPure): Generator<string> {
  const { site, fromTs, toTs, seed, rigs, scenario } = options;
  const recording = createRecording(
    {
      site,
      startTs: fromTs,
      source: `scenario ${scenario.name}, ${rigs} rigs, seed ${seed}`,
      ticks: false,
      farm: null,
      retained: [],
    },
    link,
  );
  for (const line of recording.opening()) yield `${line}\n`;
  for (const message of messages(options)) yield `${recording.row(toldOf(message), message.ts)}\n`;
  yield `${recording.end(toTs)}\n`;
}

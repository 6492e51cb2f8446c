import { afterEach, expect, test } from "@jest/globals";
import type { People } from "../../server/twin/here.ts";
import { EVENTS } from "../../server/twin/wire.ts";
import { startFeed, stopAll, until, watchLive, type Watcher } from "./socket/feed.ts";

afterEach(stopAll);

const heardBy = ({ socket }: Watcher): People[] => {
  const heard: People[] = [];
  socket.on(EVENTS.people, (people: People) => heard.push(people));
  return heard;
};

test("all are told who is here and on which page, when it changes; a wrong page is refused; who leaves is gone", async () => {
  const names = ["badge-17", "badge-21"];
  const feed = await startFeed({
    gate: { hostRefusal: () => null, originRefusal: () => null, admits: () => null, principal: () => ({ name: names.shift() ?? "" }) },
  });
  const first = await watchLive(feed);
  const heard = heardBy(first);
  const second = await watchLive(feed);
  second.socket.emit(EVENTS.here, { page: "/rigs/a-1" });
  await until("both with their pages", () =>
    heard.some(({ people }) => people.length === 2 && people[1]?.name === "badge-21" && people[1].pages[0] === "/rigs/a-1"),
  );
  for (const page of ["//evil.example", "javascript:alert(1)", 7, null, `/${"x".repeat(300)}`]) second.socket.emit(EVENTS.here, { page });
  await until("five refusals", () => second.told.filter(({ event }) => event === "refused").length === 5);
  second.socket.disconnect();
  await until(
    "one is left",
    () =>
      heard
        .at(-1)
        ?.people.map(({ name }) => name)
        .join() === "badge-17",
  );
  expect(heard.length).toBeLessThan(6);
});

test("something said is told with the next frame, once", async () => {
  let notes = 3;
  const feed = await startFeed({ notes: () => notes });
  const viewer = await watchLive(feed);
  const heard = heardBy(viewer);
  await until("who is here", () => heard.length === 1);
  expect(heard[0]).toMatchObject({ notes: 3, more: 0 });
  feed.publish();
  notes = 4;
  feed.publish();
  feed.publish();
  await until("there is something new", () => heard.length === 2);
  expect(heard[1]).toMatchObject({ notes: 4 });
});

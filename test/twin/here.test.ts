import { expect, test } from "@jest/globals";
import { isPage, peopleOf } from "../../server/twin/here.ts";

test("windows of one name are one person; names beyond a hundred are counted", () => {
  const windows = [
    { name: "b", page: "/rigs", sinceTs: 7 },
    { name: "a", page: null, sinceTs: 9 },
    { name: "b", page: "/map", sinceTs: 3 },
    { name: "b", page: "/map", sinceTs: 5 },
  ];
  expect(peopleOf(windows, 4)).toEqual({
    people: [
      { name: "a", pages: [], sinceTs: 9 },
      { name: "b", pages: ["/rigs", "/map"], sinceTs: 3 },
    ],
    more: 0,
    notes: 4,
  });
  const crowd = Array.from({ length: 130 }, (_, i) => ({ name: `p${String(i).padStart(3, "0")}`, page: "/", sinceTs: i }));
  expect(peopleOf(crowd, 0)).toMatchObject({ more: 30 });
});

test("a page is a path of this dashboard and nothing that leads elsewhere", () => {
  for (const page of ["/", "/rigs/a-r1-01", "/rigs?q=a"]) expect([page, isPage(page)]).toEqual([page, true]);
  for (const page of ["", "rigs", "//evil.example", "javascript:alert(1)", "/a b", "/\u0000", `/${"x".repeat(200)}`, "/ü"])
    expect([page, isPage(page)]).toEqual([page, false]);
});

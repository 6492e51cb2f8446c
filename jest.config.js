const project = (displayName, folders, extra = {}) => ({
  displayName,
  rootDir: import.meta.dirname,
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts", ".tsx"],
  transform: {
    "^.+\\.tsx?$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript", tsx: false }, target: "es2023" }, module: { type: "es6" }, sourceMaps: "inline" },
    ],
  },
  modulePathIgnorePatterns: ["<rootDir>/build/", "<rootDir>/data/"],
  ...extra,
});

// A real server or browser, or a thousand properties, takes its time on a busy machine; `testTimeout` is not obeyed inside a project.
const patient = { setupFilesAfterEnv: ["<rootDir>/test/servers/patience.mjs"] };

// Minutes of load that say little which is new from day to day: `npm run test:slow`.
const SLOW = ["/test/paths/backup-load\\."];
const quick = process.env.SLOW_TESTS === "yes" ? {} : { testPathIgnorePatterns: ["/node_modules/", ...SLOW] };

export default {
  projects: [
    project("unit", ["house", "twin", "flows", "gateway", "simulators"], patient),
    project("integration", ["edge", "paths"], { ...patient, ...quick }),
    project("browser", ["dashboard"], { ...patient, globalSetup: "<rootDir>/test/dashboard/built.mjs" }),
  ],
};

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

export default {
  projects: [
    project("unit", ["house", "twin", "flows", "gateway", "simulators"]),
    project("integration", ["edge", "paths"]),
    project("browser", ["dashboard"]),
  ],
};

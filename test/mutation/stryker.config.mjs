// `npm run mutate`: https://stryker-mutator.io/docs/stryker-js/configuration/
// Stryker is fetched for the run, so that `npm ci` need not install it; hence no types of its own.
export default {
  plugins: ["./test/mutation/plugins.mjs"],
  testRunner: "goals",
  reporters: ["progress", "html", "survivors"],
  htmlReporter: { fileName: ".workshop/mutation.html" },
  logLevel: "warn",

  mutate: ["solutions/*/app.ts"],
  // The mutants are taken from Stryker's copies; everything else is used where it is.
  ignorePatterns: ["**", "!solutions/*/app.ts"],
  symlinkNodeModules: false,
  disableTypeChecks: false,
  tempDirName: ".workshop/stryker",
  cleanTempDir: "always",

  // A run of all goals takes a fraction of a second, and tells all that kill a mutant.
  coverageAnalysis: "off",
  concurrency: 2,
  // The engine ends endless loops itself. These only have to be longer than any honest run.
  timeoutMS: 180_000,
  dryRunTimeoutMinutes: 5,
};

/** In the message of an error: the call that would have ended the process, and that was turned into it. */
export const endingCall = /process\.(exit|kill)(?= unexpectedly called)/;

/** What is said of such a call, wherever the app makes it. */
export const endsTheProcess =
  "That ends the app for everybody, and here it would end the tests with it. The main program decides when to end: shared/app/server.ts.";

/** What a ReferenceError means, for whoever reads one for the first time. */
export const undeclared =
  "Nothing of that name is declared or imported where it is used. `createApp` receives `redis`, `db` and `config`, which are unknown outside of it; the lesson lists the new imports.";

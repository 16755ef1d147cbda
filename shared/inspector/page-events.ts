import type { ServerResponse } from "node:http";
import { attacks, canBePlayed } from "../attacks/all.ts";
import type { BrowserJars } from "./browser-jars.ts";
import type { Inspector } from "./inspector.ts";
import type { Entry } from "./recording.ts";
import { people, requestsOf, type Person } from "./requests.ts";

/** Entries of the past that a page is given when it opens. */
const shownEntries = 300;
const sendEveryMs = 30;

/** Sends the page what is, and from then on what happens, as server-sent events. */
export function streamEvents(inspector: Inspector, jars: BrowserJars, res: ServerResponse): void {
  const { recording, redis, step } = inspector;
  res.writeHead(200, { "Content-Type": "text/event-stream" });
  const send = (event: string, data: unknown) =>
    void res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const persons = Object.keys(people) as Person[];
  const sendApp = () => send("app", { ...inspector.state, production: inspector.production });
  const sendJar = (person: Person) => send("jar", { person, cookies: jars.of(person) });

  res.write("retry: 250\n\n");
  send("hello", {
    step: { number: step.number, title: step.title },
    name: inspector.name,
    url: inspector.url,
    people: Object.fromEntries(
      persons.map((person) => [
        person,
        { name: people[person].name, requests: requestsOf(step.number, person) },
      ]),
    ),
    attacks: attacks
      .filter((attack) => canBePlayed(attack, step.number))
      .map(({ name, story }) => ({ name, story })),
  });
  sendApp();
  send("entries", recording.entries.slice(-shownEntries));
  send("redis", redis.state);
  for (const person of persons) sendJar(person);

  // What changes several times within a moment is sent once.
  const changed = new Set<Entry>();
  let timer: NodeJS.Timeout | undefined;
  const onEntry = (entry: Entry) => {
    changed.add(entry);
    timer ??= setTimeout(() => {
      timer = undefined;
      send("entries", [...changed].slice(-shownEntries));
      changed.clear();
    }, sendEveryMs);
  };
  const onRedis = (state: typeof redis.state) => send("redis", state);
  const stopState = inspector.onState(sendApp);
  const onCleared = () => send("cleared", {});
  recording.on("entry", onEntry);
  recording.on("cleared", onCleared);
  redis.on("state", onRedis);
  jars.on("jar", sendJar);
  redis.refresh();
  res.once("close", () => {
    clearTimeout(timer);
    stopState();
    recording.off("entry", onEntry);
    recording.off("cleared", onCleared);
    redis.off("state", onRedis);
    jars.off("jar", sendJar);
  });
}

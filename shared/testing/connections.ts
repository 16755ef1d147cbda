import { Redis } from "ioredis";

const open = new Set<Redis>();

// This module is evaluated anew for every run, and ioredis is not.
const original = Symbol.for("workshop.connect");

/** Notes from now on every connection to a Redis that is opened. */
export function watchConnections(): void {
  const { connect: current } = Redis.prototype;
  const connect: typeof current = Reflect.get(current, original) ?? current;
  Redis.prototype.connect = Object.assign(
    function watchedConnect(this: Redis, ...args: Parameters<typeof connect>) {
      if (!open.has(this)) this.once("end", () => open.delete(this));
      open.add(this);
      return Reflect.apply(connect, this, args);
    },
    { [original]: connect },
  );
}

/** `127.0.0.1:6379`, and the number of the database unless it is 0, of an address or of a connection. */
export function addressOf(redis: string | Redis): string {
  if (typeof redis === "string") {
    const url = new URL(redis);
    const database = Number(url.searchParams.get("db") ?? url.pathname.slice(1));
    return `${hostOf(url)}:${url.port || 6379}${database ? `/${database}` : ""}`;
  }
  const { host = "localhost", port = 6379, db } = redis.options;
  return `${host}:${port}${Number(db) ? `/${Number(db)}` : ""}`;
}

/** The host to connect to: in an address, one of IPv6 stands in brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

const told = new Set<string>();

/** An address that was handed to the app: connections to it are as they should be. */
export function tellAddress(redisUrl: string): void {
  told.add(addressOf(redisUrl));
}

let stray: string | undefined;

/**
 * The address of a Redis that nobody told the app of, when it connects to one. Such connections are
 * ended: they would look for their Redis for ever.
 */
export function strayAddress(): string | undefined {
  for (const redis of open) {
    const address = addressOf(redis);
    if (told.has(address)) continue;
    stray ??= address;
    open.delete(redis);
    redis.on("error", () => {});
    redis.disconnect();
  }
  return stray;
}

/** Another app begins: it has opened nothing yet. */
export function forgetConnections(): void {
  stray = undefined;
}

import { EventEmitter, once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import bcrypt from "bcrypt";
import type { Express } from "express";
import { Redis } from "ioredis";
import type { Config } from "../app/config.ts";
import {
  createDatabase,
  seededUsers,
  type Database,
  type NewUser,
  type UserRepository,
} from "../app/database.ts";
import type { AppModule } from "../app/start.ts";
import { fellThrough, unhandled, type Answer } from "./answer.ts";
import { Browser } from "./browser.ts";
import { headersOfOlderBrowsers } from "./browser-headers.ts";
import { closed, connect, create } from "./building.ts";
import { CommandTap } from "./commands.ts";
import { watchedConfig } from "./configuration.ts";
import { strayAddress, tellAddress } from "./connections.ts";
import type { SessionIdFinder } from "./cookies.ts";
import { tellProduction } from "./environment.ts";
import { isHashing } from "./hashes.ts";
import { noteGuard, watchHandlers, type GuardedRequest } from "./guards.ts";
import type { SessionSeen, Watch } from "./happened.ts";
import { noteProgress } from "./note-progress.ts";
import { handOver, noteExpressSettings, noteMissingSession } from "./options.ts";
import { AppNotBuilt } from "./verdict.ts";

/** What a step's `app.ts` exports, as far as it is written. */
export interface StepModule extends Partial<AppModule> {
  /** How an app without express-session names a login in its cookies. No step asks for it. */
  loginIdIn?: SessionIdFinder;
}

export interface SiteOptions extends Partial<Config> {
  db?: Database;
  /** Another way to the same Redis, through a relay. */
  redisUrl?: string;
  /** In a process of its own, as after a deploy: nothing that `app.ts` keeps in variables is shared. */
  newProcess?: boolean;
  /** Takes requests before the Redis connection is ready. */
  impatient?: boolean;
}

/** Where a site stands: the module under test and the corner of Redis that the goal owns. */
export interface Ground {
  module: StepModule;
  /** Evaluates `app.ts` once more, as another process would. */
  evaluateAnew(): Promise<StepModule>;
  redisUrl: string;
  /** Every key of the goal begins with it. */
  prefix: string;
  /** Errors that the app reported or that nobody caught, oldest first. */
  errors: Error[];
  /** Sees every exchange of the goal. */
  watch: Watch;
  /** Aborted when nobody waits for the verdict any more. */
  signal?: AbortSignal;
}

// Node's own: beyond it, it warns of a leak. Two apps can be made at a time.
const usualMaxListeners = 10;
let appsInTheMaking = 0;

/** Any secret of at least 32 characters does. */
const testSecret = "a secret for tests, which signs the cookies";

// The least that bcrypt allows: about a millisecond.
const bcryptCost = 4;
let hashed: Promise<NewUser[]> | undefined;

/** The seeded users. Hashing their passwords for each site would take longer than opening it. */
function hashedPeople(): Promise<NewUser[]> {
  hashed ??= Promise.all(
    Object.values(seededUsers).map(async (person) => ({
      ...person,
      passwordHash: await bcrypt.hash(person.password, bcryptCost),
    })),
  );
  return hashed;
}

/** A running app: its own process as far as a browser can tell. */
export class Site {
  readonly db: Database;
  readonly config: Config;
  /** The connections of its visitors, kept open between requests as a proxy in front of it would. */
  readonly connections = new Agent({ keepAlive: true });
  readonly #ground: Ground;
  readonly #redisUrl: string;
  #module: StepModule;
  #app!: Express;
  #redis!: Redis;
  /** Connections that the app made from its own. */
  readonly #duplicates: Redis[] = [];
  #server!: Server;
  #commands!: CommandTap;
  #encrypted = false;
  /** Where requests seem to come from, on the far side of a proxy if there is one. */
  visitorAddress: string | undefined;
  /** Where the proxy of a production site seems to stand. */
  proxyAddress: string | undefined;

  private constructor(ground: Ground, db: Database, config: Config, redisUrl: string) {
    this.#ground = ground;
    this.#module = ground.module;
    this.db = db;
    this.config = config;
    this.#redisUrl = redisUrl;
  }

  static async open(
    ground: Ground,
    { db, redisUrl, newProcess, impatient, ...config }: SiteOptions = {},
  ): Promise<Site> {
    const site = new Site(
      ground,
      db ?? (await createDatabase({ bcryptCost, people: await hashedPeople() })),
      { env: "development", sessionSecret: testSecret, previousSessionSecrets: [], ...config },
      redisUrl ?? ground.redisUrl,
    );
    ground.signal?.throwIfAborted();
    if (site.config.env === "production") tellProduction(true);
    tellAddress(ground.redisUrl);
    tellAddress(site.redisUrl);
    if (newProcess) site.#module = await ground.evaluateAnew();
    try {
      await site.#start(impatient);
    } catch (error) {
      await site.close();
      throw error;
    }
    return site;
  }

  get module(): StepModule {
    return this.#module;
  }

  get app(): Express {
    return this.#app;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What a browser has in its address bar. */
  get origin(): string {
    return this.config.env === "production" ? "https://workshop.test" : "http://workshop.test";
  }

  /** What the TLS proxy in front of a production site adds to each request. */
  get proxyHeaders(): Record<string, string> {
    return this.config.env === "production"
      ? {
          Host: "workshop.test",
          "X-Forwarded-Proto": "https",
          "X-Forwarded-For": this.visitorAddress ?? "203.0.113.7",
        }
      : { Host: "workshop.test" };
  }

  /** The app's own connection, as `connectRedis` built it. */
  get redis(): Redis {
    return this.#redis;
  }

  /** The connections that the app made from its own with `duplicate`. */
  get duplicates(): readonly Redis[] {
    return this.#duplicates;
  }

  /** The address that the app was given. */
  get redisUrl(): string {
    return this.#redisUrl;
  }

  /** The Redis commands of this app. */
  get commands(): CommandTap {
    return this.#commands;
  }

  get errors(): readonly Error[] {
    return this.#ground.errors;
  }

  get watch(): Watch {
    return this.#ground.watch;
  }

  get signal(): AbortSignal | undefined {
    return this.#ground.signal;
  }

  /** Demands that the app has nothing left to say after an answer. */
  async mustEndWith(answer: Answer): Promise<void> {
    await this.commands.quiet();
    const late = this.watch.late.find(({ route }) => route === answer.route);
    answer.mustHaveEnded(late?.error ?? answer.thrown);
  }

  browser(): Browser {
    return new Browser(this);
  }

  /** A browser that says where a request comes from in Origin alone. */
  olderBrowser(): Browser {
    return new Browser(this, headersOfOlderBrowsers);
  }

  /** A client that is no browser, such as curl: it says nothing of itself, and keeps cookies. */
  program(): Browser {
    return new Browser(this, () => ({}));
  }

  /** Stops the app and starts it again, as a deploy does. Redis and the database live on. */
  async restart(): Promise<void> {
    await this.close();
    this.#module = await this.#ground.evaluateAnew();
    await this.#start();
  }

  async close(): Promise<void> {
    this.#commands?.releaseAll();
    for (const redis of [this.#redis, ...this.#duplicates.splice(0)]) {
      redis?.disconnect();
      if (redis) closed.add(redis);
    }
    this.connections.destroy();
    if (!this.#server?.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #build(): Promise<void> {
    const { prefix } = this.#ground;
    this.#redis = connect(this.#module, this.#redisUrl);
    // After the fact, so that it holds however the learner took the address apart.
    this.#redis.options.keyPrefix = prefix;
    this.#commands = new CommandTap(this.#redis, () => this.watch.during);
    if (!this.watch.sites.includes(this)) this.watch.sites.push(this);
    const duplicate = this.#redis.duplicate.bind(this.#redis);
    this.#redis.duplicate = (options) => {
      const redis = duplicate(options);
      this.#duplicates.push(redis);
      this.#commands.attach(redis);
      return redis;
    };
    // A store that outlives its app hears of each one that is made here; in a process there is one.
    appsInTheMaking++;
    EventEmitter.defaultMaxListeners = 0;
    try {
      this.#app = await create(this.#module, {
        redis: this.#redis,
        db: clientOf(this.db),
        config: watchedConfig(this.config, this.db),
      });
    } finally {
      if (--appsInTheMaking === 0) EventEmitter.defaultMaxListeners = usualMaxListeners;
    }
    watchHandlers(this.#app);
    noteExpressSettings(this.#app.settings);
    const stray = strayAddress();
    if (stray === undefined) return;
    throw new AppNotBuilt(
      `The app opens a connection of its own, to ${stray}.`,
      [],
      "It receives one, `redis`, which `connectRedis` has made: with the right address, with patience and with a listener for its errors. Use that.",
    );
  }

  /** Lets the app believe that what it is asked meanwhile came over TLS, without a proxy. */
  async overTls<Result>(action: () => Promise<Result>): Promise<Result> {
    this.#encrypted = true;
    try {
      return await action();
    } finally {
      this.#encrypted = false;
      this.connections.destroy();
    }
  }

  /** Whatever becomes of the error: who sets a header once they are sent comes too late. */
  #watchForSecondAnswers({ method, url }: IncomingMessage, res: ServerResponse): void {
    const { setHeader } = res;
    res.setHeader = (...args) => {
      try {
        return Reflect.apply(setHeader, res, args);
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        const header = args[0].toLowerCase();
        const late = { error, route: `${method} ${url}`, status: res.statusCode, header };
        if (res.headersSent) this.watch.late.push(late);
        throw thrown;
      }
    };
  }

  /** Looks at what the handler was given, and at what it has put into the session, and when. */
  #watchRequest(req: AskedOfTheApp, res: ServerResponse): void {
    const content = () => {
      const { cookie: _, ...fields } = req.session ?? {};
      return fields;
    };
    const { writeHead } = res;
    const route = `${req.method} ${req.url}`;
    this.watch.requests.set(route, req);
    const seen: SessionSeen = {
      whenHeadersLeft: {},
      atTheEnd: {},
      besideFlags: [],
      isHashing: false,
      cookieWithheld: false,
    };
    res.writeHead = (...args: unknown[]) => {
      this.watch.validBodies.set(route, req.validBody);
      seen.whenHeadersLeft = content();
      seen.isHashing = isHashing();
      seen.besideFlags = Object.keys(req.session?.cookie ?? {}).filter((name) => !flags.has(name));
      seen.cookieWithheld =
        req.session?.cookie?.secure === true && !req.secure && !res.hasHeader("Set-Cookie");
      if (res.statusCode >= 500 && !req.session) noteMissingSession(req, route);
      if (res.statusCode >= 500) noteGuard(this.#app, req, route);
      return Reflect.apply(writeHead, res, args) as ServerResponse;
    };
    res.once("finish", () =>
      this.watch.sessions.set(route, Object.assign(seen, { atTheEnd: content() })),
    );
  }

  async #start(impatient = false): Promise<void> {
    await this.#build();
    if (!impatient) await ready(this.#redis);

    // An error that comes out at the far end of the app is one that no handler took.
    this.#server = createServer((req, res) => {
      noteProgress();
      const end = this.watch.begin(`${req.method} ${req.url}`);
      // What is done when a client has left still belongs to what it asked.
      res.once("close", () => setImmediate(end));
      res.once("finish", noteProgress);
      this.#watchForSecondAnswers(req, res);
      this.#watchRequest(req, res);
      const app = this.#app as unknown as (...args: unknown[]) => void;
      if (this.#encrypted) Object.assign(req.socket, { encrypted: true });
      const isBehindProxy = this.config.env === "production";
      pretend(req.socket, isBehindProxy ? this.proxyAddress : this.visitorAddress);
      const onEnd = (error?: unknown) => {
        if (error) {
          const thrown = error instanceof Error ? error : new Error(String(error));
          this.#ground.errors.push(thrown);
        }
        if (res.writableEnded) return;
        // As finalhandler does: a request that is handed on while its answer leaves is let be.
        if (res.headersSent) return void (error && res.destroy());
        res.statusCode = error ? 500 : 404;
        // A route was found, and nobody answered.
        if (error) res.setHeader(unhandled, "1");
        else if ("route" in req) res.setHeader(fellThrough, "1");
        res.end();
      };
      handOver(() => app(req, res, onEnd));
    });
    // A connection that the server gives up must not be the one that the next request takes.
    this.#server.keepAliveTimeout = 0;
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }
}

/** Another client of the same database: what an app puts in place of a method, nobody else calls. */
function clientOf(db: Database): Database {
  const methods = Object.keys(db.users) as (keyof UserRepository)[];
  const calls = methods.map((name) => [
    name,
    (...args: unknown[]) => Reflect.apply(db.users[name], db.users, args),
  ]);
  return { ...db, users: Object.fromEntries(calls) as UserRepository };
}

/** Has a connection come from an address, or from where it does come from. */
function pretend(socket: Socket, address: string | undefined): void {
  if (address === undefined) Reflect.deleteProperty(socket, "remoteAddress");
  else Object.defineProperty(socket, "remoteAddress", { value: address, configurable: true });
}

/** A request, with what Express and express-session put there. */
interface AskedOfTheApp extends IncomingMessage, GuardedRequest {
  secure?: boolean;
  session?: { cookie?: { secure?: unknown } } | null;
  validBody?: unknown;
}

/** What express-session keeps of a cookie. */
const flags = new Set(
  "path _expires originalMaxAge httpOnly secure sameSite domain partitioned priority encode".split(
    " ",
  ),
);

/** Waits until the client is connected, or is not going to be for now. */
function ready(redis: Redis): Promise<void> {
  if (redis.status !== "connecting" && redis.status !== "connect") return Promise.resolve();
  return new Promise((resolve) => {
    const events = ["ready", "close", "end"];
    const settle = () => {
      for (const event of events) redis.off(event, settle);
      resolve();
    };
    for (const event of events) redis.on(event, settle);
  });
}

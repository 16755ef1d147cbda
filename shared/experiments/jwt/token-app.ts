import { randomUUID } from "node:crypto";
import bcrypt from "bcrypt";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import { decodeJwt } from "jose";
import { z } from "zod";
import { limitConcurrency } from "../../app/concurrency.ts";
import type { User } from "../../app/database.ts";
import { errorHandler } from "../../app/error-handler.ts";
import { requireHttps } from "../../app/https.ts";
import { noStore } from "../../app/no-store.ts";
import { isReadable } from "../../app/readable.ts";
import { refuseOtherSites } from "../../app/same-origin.ts";
import type { Services } from "../../app/services.ts";
import { validate } from "../../app/validate.ts";
import type { Handle, Login, Logins } from "./logins.ts";
import { loginIdInRefreshToken, refreshLifeSeconds } from "./refresh-tokens.ts";
import { TokenKeys } from "./token-keys.ts";

const visitsLifeSeconds = 24 * 60 * 60;
const minSecretLength = 32;

const Password = z
  .string()
  .max(256, { abort: true })
  .normalize("NFC")
  .refine((password) => Buffer.byteLength(password) <= 72);

const LoginSchema = z.object({
  email: z.string().trim().toLowerCase().pipe(z.email()),
  password: Password,
});

const PasswordChangeSchema = z.object({
  currentPassword: Password,
  newPassword: Password.min(8),
});

const ProfileSchema = z.object({
  displayName: z.string().trim().min(1).max(80).refine(isReadable),
});

/** What an access token says. It is believed until it is over: that is what it is for. */
const AccessClaims = z.object({ sub: z.string(), sid: z.string(), role: z.string() });
type AccessClaims = z.output<typeof AccessClaims>;

const profileOf = ({ id, email, displayName }: User) => ({ id, email, displayName });

export interface TokenAppOptions extends Pick<Services, "db" | "config"> {
  logins: Logins;
  /** How long an access token is good for. */
  lifeSeconds: number;
}

/** The routes of step 7, with access tokens in place of sessions. */
export function createTokenApp({ db, config, logins, lifeSeconds }: TokenAppOptions): Express {
  const production = config.env === "production";
  if (!config.sessionSecret || config.sessionSecret.length < minSecretLength) {
    throw new Error(`SESSION_SECRET must be set, to at least ${minSecretLength} characters.`);
  }
  const keys = new TokenKeys([config.sessionSecret, ...config.previousSessionSecrets]);

  const app = express();
  app.set("env", config.env);
  app.disable("x-powered-by");
  app.use(noStore);
  // What comes here is short: whoever sends much more only keeps the server at work.
  app.use(express.json({ limit: "10kb" }));

  app.get("/health", (_req, res) => {
    res.json({ data: { ok: true } });
  });

  if (production) {
    app.set("trust proxy", 1);
    app.use(requireHttps);
  }
  app.use(refuseOtherSites);

  const prefix = production ? "__Host-" : "";
  const cookieNames = { access: `${prefix}token`, refresh: `${prefix}refresh`, visits: "visits" };
  const cookieFlags = { path: "/", httpOnly: true, secure: production, sameSite: "lax" } as const;
  const setCookie = (
    res: Response,
    name: keyof typeof cookieNames,
    value: string,
    lifeSeconds: number,
  ) => res.cookie(cookieNames[name], value, { ...cookieFlags, maxAge: lifeSeconds * 1000 });

  app.get("/visits", async (req, res) => {
    const before = await keys.read(cookieOf(req, cookieNames.visits), "visits");
    const visits = Number(before?.visits ?? 0) + 1;
    setCookie(
      res,
      "visits",
      await keys.sign({ visits }, "visits", visitsLifeSeconds),
      visitsLifeSeconds,
    );
    res.json({ data: { visits } });
  });

  const decoyHash = bcrypt.hashSync(randomUUID(), db.bcryptCost);
  app.post("/auth/login", limitConcurrency(16));

  /** Who is asking, by the access token alone, or else by the refresh token. */
  const identify = async (req: Request) => {
    const claims = await keys.read(cookieOf(req, cookieNames.access), "access");
    if (claims) {
      const access = AccessClaims.parse(claims);
      return (await logins.hasEnded(access.sid)) ? undefined : { claims: access };
    }
    const refreshToken = cookieOf(req, cookieNames.refresh);
    const renewed = refreshToken === undefined ? undefined : await logins.renew(refreshToken);
    if (!renewed) return undefined;
    // Here a ban, a new role or a deleted user is noticed.
    const user = await db.users.findById(renewed.userId);
    if (user && !user.banned) return { claims: claimsOf(user, renewed), renewed };
    await logins.end(renewed);
    return undefined;
  };

  const handOut = async (res: Response, claims: AccessClaims, { refreshToken }: Handle) => {
    setCookie(res, "access", await keys.sign(claims, "access", lifeSeconds), lifeSeconds);
    if (refreshToken !== undefined) setCookie(res, "refresh", refreshToken, refreshLifeSeconds);
  };

  const endLogin = async (res: Response, login: Login | undefined): Promise<void> => {
    if (login) await logins.end(login);
    // A new token that was about to be set would come before its end.
    res.removeHeader("Set-Cookie");
    res.clearCookie(cookieNames.access, cookieFlags);
    res.clearCookie(cookieNames.refresh, cookieFlags);
  };

  /** Resolves to false when the password was changed, or its owner banned, while it was compared. */
  const beginLogin = async (res: Response, user: User): Promise<boolean> => {
    const login = await logins.begin(user.id);
    const now = await db.users.findById(user.id);
    if (!now || now.banned || now.passwordHash !== user.passwordHash) {
      await endLogin(res, login);
      return false;
    }
    await handOut(res, claimsOf(now, login), login);
    return true;
  };

  app.post("/auth/login", validate({ body: LoginSchema }), async (req, res) => {
    const { email, password } = req.validBody;
    const user = await db.users.findByEmail(email);
    const matches = await bcrypt.compare(password, user?.passwordHash ?? decoyHash);
    if (!user || !matches) {
      res.status(401).json({ error: { code: "invalid_credentials" } });
      return;
    }
    if (user.banned) {
      res.status(403).json({ error: { code: "banned" } });
      return;
    }
    // One login per browser: what it had before ends.
    const before = await identify(req);
    if (before) await logins.end(loginOf(before.claims));
    if (!(await beginLogin(res, user))) {
      res.status(401).json({ error: { code: "invalid_credentials" } });
      return;
    }
    res.json({ data: { id: user.id, email: user.email } });
  });

  const requireAuth: RequestHandler = async (req, res, next) => {
    const who = await identify(req);
    if (!who) {
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    if (who.renewed) await handOut(res, who.claims, who.renewed);
    res.locals.claims = who.claims;
    next();
  };

  const requireAdmin: RequestHandler = (_req, res, next) => {
    if (claimsIn(res).role === "admin") next();
    else res.status(403).json({ error: { code: "forbidden" } });
  };

  // A user is looked up for what is answered, and not to decide who is asking.
  app.get("/me", requireAuth, async (_req, res) => {
    const claims = claimsIn(res);
    const user = await db.users.findById(claims.sub);
    if (!user) {
      await endLogin(res, loginOf(claims));
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    res.json({ data: profileOf(user) });
  });

  app.patch("/me", requireAuth, validate({ body: ProfileSchema }), async (req, res) => {
    const changed = await db.users.update(claimsIn(res).sub, req.validBody);
    if (!changed) {
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    res.json({ data: profileOf(changed) });
  });

  app.post("/auth/logout", async (req, res) => {
    const who = await identify(req);
    await endLogin(res, who && loginOf(who.claims));
    res.status(204).end();
  });

  app.post("/auth/logout-all", requireAuth, async (_req, res) => {
    const login = loginOf(claimsIn(res));
    await logins.endAllOf(login.userId);
    await endLogin(res, login);
    res.status(204).end();
  });

  app.post(
    "/me/password",
    requireAuth,
    limitConcurrency(16),
    validate({ body: PasswordChangeSchema }),
    async (req, res) => {
      const { currentPassword, newPassword } = req.validBody;
      const before = await db.users.findById(claimsIn(res).sub);
      const matches = before && (await bcrypt.compare(currentPassword, before.passwordHash));
      const user = matches && (await db.users.changePassword(before, newPassword));
      if (user) {
        await logins.endAllOf(user.id);
        res.removeHeader("Set-Cookie");
      }
      if (!user || !(await beginLogin(res, user))) {
        res.status(401).json({ error: { code: "invalid_credentials" } });
        return;
      }
      res.status(204).end();
    },
  );

  app
    .route("/admin/users/:id/ban")
    .all(requireAuth, requireAdmin)
    .post(async (req, res) => {
      const { id } = req.params;
      const outcome = await db.users.ban(id);
      if (outcome === "unknown") {
        res.status(404).json({ error: { code: "not_found" } });
        return;
      }
      if (outcome === "last administrator") {
        res.status(409).json({ error: { code: "last_administrator" } });
        return;
      }
      await logins.endAllOf(id);
      res.status(204).end();
    })
    .delete(async (req, res) => {
      const found = await db.users.unban(req.params.id);
      if (found) res.status(204).end();
      else res.status(404).json({ error: { code: "not_found" } });
    });

  app.use(errorHandler);
  return app;
}

/**
 * The login that a cookie belongs to, by an access token or a refresh token; undefined for other cookies.
 * What goals call the session id.
 */
export function loginIdIn(value: string): string | undefined {
  const id = loginIdInRefreshToken(value);
  if (id !== undefined || value.split(".").length !== 3) return id;
  try {
    return AccessClaims.safeParse(decodeJwt(value)).data?.sid;
  } catch {
    return undefined;
  }
}

function claimsOf(user: User, login: Login): AccessClaims {
  return { sub: user.id, sid: login.id, role: user.role };
}

function loginOf({ sid, sub }: AccessClaims): Login {
  return { id: sid, userId: sub };
}

function claimsIn(res: Response): AccessClaims {
  return res.locals.claims as AccessClaims;
}

function cookieOf(req: Request, name: string): string | undefined {
  const pairs = (req.headers.cookie ?? "").split("; ");
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { provideRedis } from "../../redis/server.ts";
import type { Invocation } from "../invocation.ts";
import { keepsakes, whyNoAccess } from "../keepsakes.ts";
import { root } from "../paths.ts";
import { isFree, wantedPort } from "../ports.ts";
import { renderChecks, type Check } from "../render.ts";

/** `npm run doctor`: looks at everything that the workshop needs of a machine. */
export async function doctor({ paper, write }: Invocation): Promise<number> {
  const checks = [
    node(),
    install(),
    await bcrypt(),
    await redis(),
    await port(),
    terminal(paper.columns),
    writeAccess(),
  ];
  write(renderChecks(checks, paper));
  return checks.some(({ state }) => state === "failed") ? 1 : 0;
}

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fine = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
  return {
    name: "Node",
    state: fine ? "fine" : "failed",
    detail: fine
      ? process.versions.node
      : `${process.versions.node} is not supported. Install Node 20.19, 22.12, 24 or later: https://nodejs.org`,
  };
}

/** Whether the packages that package-lock.json names are installed, in the versions that it names. */
function install(): Check {
  const lock = join(root, "package-lock.json");
  if (!existsSync(lock)) {
    return {
      name: "Packages",
      state: "failed",
      detail: "package-lock.json is missing. Run: git checkout package-lock.json && npm ci",
    };
  }
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as {
    packages: Record<string, LockedPackage>;
  };
  const wanted = Object.entries(packages).filter(([place, locked]) => place && isNeeded(locked));
  const wrong = wanted.filter(([place, { version }]) => installedVersion(place) !== version);
  const names = wrong.map(([place]) => place.replace(/^.*node_modules\//, ""));
  return {
    name: "Packages",
    state: wrong.length === 0 ? "fine" : "failed",
    detail:
      wrong.length === 0
        ? `${wanted.length} installed`
        : `${names.slice(0, mostNamed).join(", ")}${names.length > mostNamed ? ` and ${names.length - mostNamed} more` : ""}: missing, or another version than package-lock.json asks for. Run: npm ci`,
  };
}

interface LockedPackage {
  version: string;
  optional?: boolean;
  devOptional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

const mostNamed = 5;

/** Optional packages are binaries, of which each machine gets its own; libc decides between some. */
function isNeeded({ optional, devOptional, os, cpu, libc }: LockedPackage): boolean {
  if (!optional && !devOptional) return true;
  const fits = (list: string[] | undefined, own: string) => list?.includes(own) ?? false;
  return !libc && fits(os, process.platform) && fits(cpu, process.arch);
}

function installedVersion(place: string): string | undefined {
  try {
    return JSON.parse(readFileSync(join(root, place, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}

async function bcrypt(): Promise<Check> {
  try {
    const { default: bcrypt } = await import("bcrypt");
    await bcrypt.hash("doctor", 4);
    return { name: "bcrypt", state: "fine", detail: "its binary loads" };
  } catch (error) {
    return {
      name: "bcrypt",
      state: "failed",
      detail: `its binary does not load (${messageOf(error)}). Remove node_modules and run: npm ci`,
    };
  }
}

async function redis(): Promise<Check> {
  try {
    const server = await provideRedis();
    await server.close();
    return { name: "Redis", state: "fine", detail: server.description };
  } catch (error) {
    return { name: "Redis", state: "failed", detail: messageOf(error) };
  }
}

async function port(): Promise<Check> {
  let named: number | undefined;
  try {
    named = wantedPort();
  } catch (error) {
    return { name: "Port", state: "failed", detail: messageOf(error) };
  }
  if (named === 0) {
    return { name: "Port", state: "fine", detail: "PORT=0: npm run dev takes the first free one" };
  }
  const wanted = named ?? 3000;
  const free = await isFree(wanted);
  if (free) return { name: "Port", state: "fine", detail: `${wanted} is free` };
  return named !== undefined
    ? {
        name: "Port",
        state: "failed",
        detail: `${wanted} is in use. Stop what uses it, or unset PORT.`,
      }
    : {
        name: "Port",
        state: "remark",
        detail: `${wanted} is in use; npm run dev takes the next free one`,
      };
}

function terminal(columns: number): Check {
  if (!process.stdout.isTTY) {
    return {
      name: "Terminal",
      state: "remark",
      detail: "none: npm run step runs once instead of watching",
    };
  }
  return columns < 60
    ? {
        name: "Terminal",
        state: "remark",
        detail: `${columns} columns: everything fits, with more line breaks`,
      }
    : { name: "Terminal", state: "fine", detail: `${columns} columns` };
}

function writeAccess(): Check {
  const steps = join(root, "steps");
  try {
    accessSync(steps, constants.W_OK);
    // A disk may be full, and a folder no folder.
    mkdirSync(keepsakes, { recursive: true });
    const trial = join(keepsakes, `doctor.${process.pid}`);
    writeFileSync(trial, "Can this be written?\n");
    rmSync(trial);
  } catch (error) {
    return { name: "Write access", state: "failed", detail: whyNoAccess(error) };
  }
  return {
    name: "Write access",
    state: "fine",
    detail: "the steps and your progress can be saved",
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

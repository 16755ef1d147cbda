/** What the probe in the app's process tells, in the order in which it happened. */
export type ProbeEvent =
  | { type: "listening" }
  | {
      type: "request";
      exchange: number;
      at: number;
      method: string;
      url: string;
      headers: Header[];
      /** The app sees what a proxy wrote into it: https, on this side of the proxy. */
      throughProxy: "https" | "http" | undefined;
    }
  | {
      type: "answer";
      exchange: number;
      at: number;
      status: number;
      reason: string;
      headers: Header[];
    }
  | { type: "end"; exchange: number; at: number; complete: boolean; sent: Body; received: Body }
  | {
      type: "command";
      command: number;
      at: number;
      /** The request in whose asynchronous context it was issued; undefined for the app's own. */
      exchange: number | undefined;
      /** The request had been answered already. */
      late: boolean;
      name: string;
      args: string[];
    }
  | { type: "reply"; command: number; at: number; text: string; failed: boolean }
  | { type: "crashed"; text: string };

export type Header = [name: string, value: string];

/** The beginning of a body, as text, and how long it was. */
export interface Body {
  bytes: number;
  text: string;
}

/** What the runner asks of the probe. A `connection` comes with its socket. */
export type ProbeRequest = "connection" | "finish";

/** Where the page lives, on every host of the address. */
export const pagePath = "/__inspector/";

/** The site of the page and of its two browsers: each host below it has a cookie jar of its own. */
export const siteName = "workshop.localhost";

/** A page on it belongs to another site. */
export const otherSiteName = "elsewhere.localhost";

/** The plain http side of the proxy that stands in front of a production app. */
export const plainHttpName = `plain.${siteName}`;

/**
 * Whether a Host header names this machine: `localhost`, what is below it, or 127.0.0.1. A name of
 * somebody else that resolves to 127.0.0.1 (DNS rebinding) is no such name.
 */
export function isLoopbackName(host = ""): boolean {
  return /^(?:(?:[a-z\d-]+\.)*localhost|127\.0\.0\.1)(?::\d{1,5})?$/i.test(host);
}

import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { UserError } from "./user-error.ts";

/**
 * The port that PORT names; undefined when it is not set.
 *
 * @throws {UserError} when it is no port.
 */
export function wantedPort(text = process.env.PORT): number | undefined {
  if (!text) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UserError(
    `PORT is ${JSON.stringify(text)}, which is no port. Unset it, or set it to a number such as 3000.`,
  );
}

/** Whether a server could listen on that port of this machine now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
      .once("error", () => resolve(false))
      .once("listening", () => probe.close(() => resolve(true)))
      .listen(port, "localhost");
  });
}

/** A port of this machine that nobody uses now. */
export async function anyFreePort(host = "localhost"): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

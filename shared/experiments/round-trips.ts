import type { Redis } from "ioredis";

/** Counts how often an app waits for Redis. Commands that are sent together are waited for once. */
export class RoundTrips {
  #count = 0;
  #underWay = 0;

  constructor(redis: Redis) {
    const send = redis.sendCommand.bind(redis);
    redis.sendCommand = (command, stream) => {
      if (this.#underWay++ === 0) this.#count++;
      const settled = () => void this.#underWay--;
      command.promise.then(settled, settled);
      return send(command, stream);
    };
  }

  /** The round trips of each of so many repetitions, on average. */
  async during(repetitions: number, request: () => Promise<unknown>): Promise<number> {
    const before = this.#count;
    for (let i = 0; i < repetitions; i++) await request();
    return (this.#count - before) / repetitions;
  }
}

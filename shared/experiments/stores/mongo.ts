import { MongoStore } from "connect-mongo";
import { MongoClient } from "mongodb";

export { MongoStore };

/** As patient as `connectRedis`: a visitor would rather read an error now. */
export function connectMongo(url = process.env.MONGODB_URL ?? ""): MongoClient {
  // It connects when it is first asked for something, and again whenever it has to.
  return new MongoClient(url, { serverSelectionTimeoutMS: 2_000, socketTimeoutMS: 2_000 });
}

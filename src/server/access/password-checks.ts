// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from "node:crypto";
import { ProtocolError } from "../protocol-error.ts";
import type { PasswordHashes } from "./htpasswd.ts";

/** A name and a password that somebody sent. */
export interface SentPassword {
  readonly user: string;
  readonly password: string;
  /** Who sent it: see `clientOf`. */
  readonly client: string;
}

/** Checks passwords at a bounded cost. */
export interface PasswordChecks {
  /**
   * Whether the password is the user's. An unknown user takes as long as a known one.
   * @throws ProtocolError 429 when the client has too many checks waiting
   */
  readonly check: (sent: SentPassword, users: PasswordHashes) => Promise<boolean>;
}

/** How many milliseconds a right and a wrong password are remembered, by a keyed hash of this process. */
const RIGHT_FOR = 60_000;
const WRONG_FOR = 10_000;
const MOST_REMEMBERED = 10_000;
/** How many checks of different names and passwords may wait, of one client and of all. */
const MOST_OF_ONE = 16;
const MOST_OF_ALL = 1_000;
/** The hash of a random password at the cost that htpasswd uses, for users who do not exist. */
const NOBODY = "$2b$05$Z3/oGXKDNbFX6btJ52vq7.MqsGkg9iBVPqNLrDdXKzKi2HlC9Urqu";

interface Remembered {
  readonly isRight: boolean;
  readonly until: number;
}

/**
 * Makes the checks around a slow comparison. Comparisons run one at a time, and the clients that wait take
 * turns: one that sends a flood of wrong passwords makes another wait for one comparison at most, besides
 * those of other clients.
 */
export function createPasswordChecks(
  compare: (password: string, hash: string) => Promise<boolean>,
): PasswordChecks {
  const remembered = new Map<string, Remembered>();
  /** Many requests of one user at once, as a push sends them, are one check. */
  const pending = new Map<string, Promise<boolean>>();
  const key = randomBytes(32);
  const inTurn = takeTurns();

  const recall = (name: string): boolean | undefined => {
    const found = remembered.get(name);
    if (found === undefined || found.until > Date.now()) return found?.isRight;
    remembered.delete(name);
    return undefined;
  };
  const remember = (name: string, isRight: boolean): void => {
    const [oldest] = remembered.keys();
    if (remembered.size >= MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    remembered.set(name, { isRight, until: Date.now() + (isRight ? RIGHT_FOR : WRONG_FOR) });
  };
  const compareInTurn = (
    name: string,
    hash: string | undefined,
    { password, client }: Pick<SentPassword, "password" | "client">,
    users: PasswordHashes,
  ): Promise<boolean> =>
    inTurn(client, async () => {
      const isSame = await compare(password, hash ?? likeOthers(users));
      const isRight = hash !== undefined && isSame;
      remember(name, isRight);
      return isRight;
    });
  return {
    check: async ({ user, password, client }, users) => {
      const hash = users.get(user);
      const text = JSON.stringify([user, hash ?? "", password]);
      const name = createHmac("sha256", key).update(text).digest("base64");
      const known = recall(name);
      if (known !== undefined) return known;
      const running = pending.get(name) ?? compareInTurn(name, hash, { password, client }, users);
      pending.set(name, running);
      return running.finally(() => pending.delete(name));
    },
  };
}

/** A hash that costs as much as those of the users who exist. */
function likeOthers(users: PasswordHashes): string {
  const [first] = users.values();
  return first === undefined ? NOBODY : NOBODY.replace("$05$", first.slice(3, 7));
}

type InTurn = <T>(client: string, work: () => Promise<T>) => Promise<T>;

/** Runs work one at a time, taking turns among clients. */
function takeTurns(): InTurn {
  const queues = new Map<string, (() => Promise<unknown>)[]>();
  let waiting = 0;
  let isRunning = false;

  const run = async (): Promise<void> => {
    isRunning = true;
    for (let [next] = queues; next !== undefined; [next] = queues) {
      const [client, queue] = next;
      const work = queue.shift();
      // The client goes to the end of those who wait.
      queues.delete(client);
      if (queue.length > 0) queues.set(client, queue);
      waiting -= 1;
      await work?.();
    }
    isRunning = false;
  };
  return (client, work) => {
    const queue = queues.get(client) ?? [];
    if (queue.length >= MOST_OF_ONE || waiting >= MOST_OF_ALL) {
      const message = "too many passwords are being checked";
      throw new ProtocolError(429, "TOOMANYREQUESTS", message, { "retry-after": "2" });
    }
    waiting += 1;
    queues.set(client, queue);
    return new Promise((resolve, reject) => {
      queue.push(() => work().then(resolve, reject));
      if (!isRunning) void run();
    });
  };
}

// SPDX-License-Identifier: MIT
import type { Connection } from "./connection.ts";

/** Connections that are used for one request after the other. */
export interface KeptConnections {
  /** One that rests, or a new one. It must be given back. */
  take(target: URL, open: () => Promise<Connection>): Promise<Taken>;
  /** Waits until all are given back, and ends them. */
  close(): Promise<void>;
}

/** A connection that nobody else uses. */
export interface Taken {
  readonly connection: Connection;
  /** Whether it was used before: then the other side may have ended it in the meantime. */
  readonly isUsed: boolean;
  /** Gives it back, to rest for so many milliseconds or, by default, to be ended. Only the first call counts. */
  giveBack(rest?: number): void;
}

/** Creates an empty collection. */
export function keepConnections(): KeptConnections {
  const resting = new Map<string, Connection[]>();
  let taken = 0;
  let onReturn: (() => void) | undefined;

  const find = (origin: string): Connection | undefined => {
    const connections = resting.get(origin) ?? [];
    for (let last; (last = connections.pop()) !== undefined;) {
      if (last.resume()) return last;
      last.destroy();
    }
    return undefined;
  };
  const returned = (): void => {
    taken -= 1;
    if (taken === 0) onReturn?.();
  };
  const lend = (origin: string, connection: Connection, isUsed: boolean): Taken => {
    let isLent = true;
    const giveBack = (rest = 0): void => {
      if (!isLent) return;
      isLent = false;
      if (rest <= 0 || onReturn !== undefined) connection.destroy();
      else {
        connection.rest(rest);
        resting.set(origin, [...(resting.get(origin) ?? []), connection]);
      }
      returned();
    };
    return { connection, isUsed, giveBack };
  };
  return {
    take: async ({ origin }, open) => {
      taken += 1;
      try {
        const rested = find(origin);
        return lend(origin, rested ?? (await open()), rested !== undefined);
      } catch (error) {
        returned();
        throw error;
      }
    },
    close: async () => {
      const all = new Promise<void>((resolve) => (onReturn = resolve));
      for (const connection of [...resting.values()].flat()) connection.destroy();
      resting.clear();
      if (taken > 0) await all;
    },
  };
}

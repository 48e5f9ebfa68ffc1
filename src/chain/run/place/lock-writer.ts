// SPDX-License-Identifier: MIT
import { formatPlatform } from "../../../oci/platform.ts";
import type { StageGraph } from "../../graph/stage-graph.ts";
import type { ChainLock, LockedUnit } from "../../pins/chain-lock.ts";
import { lockPath, writeLock } from "../../pins/lock-file.ts";
import type { MadeUnit } from "./unit-end.ts";

/** Writes the lock of a run. */
export interface LockWriter {
  add(id: string, made: MadeUnit): void;
  /** Resolves when all is written. @throws OciError `unwritable` */
  done(): Promise<void>;
}

/** Writes the lock after each unit, one write at a time. What another graph pinned is not kept. */
export function writeLockAsItGoes(
  directory: string,
  graph: StageGraph,
  before: ChainLock | undefined,
): LockWriter {
  const path = lockPath(directory, graph.variant);
  const head = {
    version: 1,
    repository: graph.repository,
    buildPlatform: formatPlatform(graph.buildPlatform),
    variant: graph.variant,
  } as const;
  const { repository, buildPlatform, units: locked = {} } = before ?? {};
  const isSame = repository === head.repository && buildPlatform === head.buildPlatform;
  const known = new Set(graph.units.map(({ id }) => id));
  const kept = Object.entries(isSame ? locked : {}).filter(([id]) => known.has(id));
  const units = new Map<string, LockedUnit>(kept);
  let writing: Promise<unknown> = Promise.resolve();
  return {
    add(id, { digest, pins, record, isCovered }) {
      const { tag } = graph.units.find((unit) => unit.id === id)!;
      const inputKey = isCovered === true ? record : undefined;
      units.set(id, { tag, digest, inputs: pins, inputKey });
      const lock: ChainLock = { ...head, units: Object.fromEntries(units) };
      writing = writing.then(() => writeLock(path, lock));
      writing.catch(() => undefined);
    },
    done: async () => {
      await writing;
    },
  };
}

// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";

/** How the work on one unit ended. */
export type WorkEnd<T> =
  | { readonly state: "done"; readonly value: T }
  | { readonly state: "failed"; readonly error: unknown }
  /** Something that it needs has failed, or was not tried itself. */
  | { readonly state: "blocked"; readonly by: string }
  /** Ended, or not begun, because of the signal. */
  | { readonly state: "stopped" };

export interface Task<T> {
  readonly id: string;
  /** The tasks that must be done before. Those that are none of these tasks count as done. */
  readonly needs: readonly string[];
  /** The tasks that must have ended before, however they ended. */
  readonly after?: readonly string[] | undefined;
  run(): Promise<T>;
}

export interface ScheduleOptions<T> extends AbortOptions {
  /** How many run at a time. */
  readonly limit: number;
  readonly onEnd?: ((id: string, end: WorkEnd<T>) => void) | undefined;
}

/**
 * Runs tasks as soon as what they need is done, so many at a time, the first of them first. One that fails stops only
 * what needs it. Never throws for what a task throws. When the signal fires, no further one begins.
 * @param tasks each after all that it needs
 */
export async function scheduleUnits<T>(
  tasks: readonly Task<T>[],
  { limit, signal, onEnd }: ScheduleOptions<T>,
): Promise<ReadonlyMap<string, WorkEnd<T>>> {
  const ends = new Map<string, Promise<WorkEnd<T>>>();
  const room = makeRoom(limit);
  for (const task of tasks) {
    const ending = endOf(task, ends, room, signal).then((end) => {
      onEnd?.(task.id, end);
      return end;
    });
    ends.set(task.id, ending);
  }
  const known = await Promise.all(
    [...ends].map(async ([id, ending]) => [id, await ending] as const),
  );
  return new Map(known);
}

async function endOf<T>(
  task: Task<T>,
  ends: ReadonlyMap<string, Promise<WorkEnd<T>>>,
  room: Room,
  signal: AbortSignal | undefined,
): Promise<WorkEnd<T>> {
  for (const id of task.after ?? []) await ends.get(id);
  for (const id of task.needs) {
    const end = await ends.get(id);
    if (end !== undefined && end.state === "stopped") return end;
    if (end !== undefined && end.state !== "done") return { state: "blocked", by: id };
  }
  const leave = await room.enter();
  try {
    if (signal?.aborted === true) return { state: "stopped" };
    return { state: "done", value: await task.run() };
  } catch (error) {
    return signal?.aborted === true ? { state: "stopped" } : { state: "failed", error };
  } finally {
    leave();
  }
}

interface Room {
  enter(): Promise<() => void>;
}

function makeRoom(limit: number): Room {
  let free = limit;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    async enter() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return leave;
    },
  };
}

// SPDX-License-Identifier: MIT
import type { ByteString } from "../../../bytes/byte-string.ts";
import type { Digest } from "../../../oci/digest.ts";
import type { ListedEntry } from "../content/context-list.ts";
import type { InputRecord } from "./input-record.ts";

/** What may be different in two entries of the same path. */
export type EntryChange = "type" | "content" | "target" | "mode";

/** One difference in what a stage is made of. */
export type InputDifference =
  | {
      readonly kind: "file";
      /** The name of the named context; undefined for the main one. */
      readonly context: string | undefined;
      readonly path: ByteString;
      readonly change: "added" | "removed" | readonly EntryChange[];
      readonly previous: ListedEntry | undefined;
      readonly now: ListedEntry | undefined;
    }
  | {
      /** A context that is new or gone, or whose files are not known any more. */
      readonly kind: "context";
      readonly context: string | undefined;
      readonly previous: Digest | undefined;
      readonly now: Digest | undefined;
    }
  | {
      readonly kind: "argument" | "parent";
      readonly name: string;
      /** Undefined when it was not there; null for a parent whose digest was not known. */
      readonly previous: string | null | undefined;
      readonly now: string | null | undefined;
    }
  | {
      readonly kind: "dockerfile" | "target" | "platform" | "builder";
      readonly previous: string;
      readonly now: string;
    };

/** Gives the list of a context by its digest, if it is known: see `openKeptLists`. */
export type ReadList = (digest: Digest) => Promise<readonly ListedEntry[] | undefined>;

const SINGLE = ["dockerfile", "target", "platform", "builder"] as const;

/**
 * What differs in the inputs of a stage, each thing once: the Dockerfile, arguments, parents, then the contexts file by
 * file in the order of their paths. Empty when the inputs are the same.
 */
export async function explainInputs(
  previous: InputRecord,
  now: InputRecord,
  readList: ReadList,
): Promise<readonly InputDifference[]> {
  const differences: InputDifference[] = [];
  for (const kind of SINGLE) {
    if (previous[kind] !== now[kind]) {
      differences.push({ kind, previous: previous[kind], now: now[kind] });
    }
  }
  for (const [name, before, after] of pairs(previous.buildArgs, now.buildArgs)) {
    differences.push({ kind: "argument", name, previous: before, now: after });
  }
  for (const [name, before, after] of pairs(previous.parents, now.parents)) {
    differences.push({ kind: "parent", name, previous: before, now: after });
  }
  if (previous.context !== now.context) {
    differences.push(...(await explainContext(undefined, previous.context, now.context, readList)));
  }
  for (const [name, before, after] of pairs(previous.contexts, now.contexts)) {
    differences.push(...(await explainContext(name, before, after, readList)));
  }
  return differences;
}

/** The names whose values differ, in their order. */
function pairs<T>(
  previous: Readonly<Record<string, T>>,
  now: Readonly<Record<string, T>>,
): readonly [name: string, previous: T | undefined, now: T | undefined][] {
  const [before, after] = [new Map(Object.entries(previous)), new Map(Object.entries(now))];
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .map((name): [string, T | undefined, T | undefined] => [
      name,
      before.get(name),
      after.get(name),
    ])
    .filter(([, one, other]) => one !== other);
}

async function explainContext(
  context: string | undefined,
  previous: Digest | undefined,
  now: Digest | undefined,
  readList: ReadList,
): Promise<readonly InputDifference[]> {
  const before = previous && (await readList(previous));
  const after = now && (await readList(now));
  if (before === undefined || after === undefined) {
    return [{ kind: "context", context, previous, now }];
  }
  return compareLists(before, after).map((difference) => ({
    kind: "file",
    context,
    ...difference,
  }));
}

interface EntryDifference {
  readonly path: ByteString;
  readonly change: "added" | "removed" | readonly EntryChange[];
  readonly previous: ListedEntry | undefined;
  readonly now: ListedEntry | undefined;
}

function compareLists(
  previous: readonly ListedEntry[],
  now: readonly ListedEntry[],
): readonly EntryDifference[] {
  const gone = new Map(previous.map((entry) => [entry.path, entry]));
  const found: EntryDifference[] = [];
  for (const entry of now) {
    const { path } = entry;
    const before = gone.get(path);
    gone.delete(path);
    if (before === undefined) found.push({ path, change: "added", previous: before, now: entry });
    else {
      const change = changesOf(before, entry);
      if (change.length > 0) found.push({ path, change, previous: before, now: entry });
    }
  }
  for (const entry of gone.values()) {
    found.push({ path: entry.path, change: "removed", previous: entry, now: undefined });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function changesOf(previous: ListedEntry, now: ListedEntry): readonly EntryChange[] {
  if (previous.type !== now.type) return ["type"];
  const changes: EntryChange[] = [];
  if (previous.content !== now.content) changes.push(now.type === "file" ? "content" : "target");
  if (previous.mode !== now.mode) changes.push("mode");
  return changes;
}

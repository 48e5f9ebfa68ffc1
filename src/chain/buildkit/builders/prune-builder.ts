// SPDX-License-Identifier: MIT
import * as z from "zod/mini";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";
import { capture } from "../process/capture.ts";
import type { ShellCommand } from "../process/shell-command.ts";
import type { Builder } from "./builder.ts";

/** Options of {@link pruneBuilder}. */
export interface PruneBuilderOptions extends AbortOptions {
  /** In milliseconds. Only what has not been used for longer is removed. */
  readonly olderThan?: number | undefined;
  /** Only say what would be removed. */
  readonly dryRun?: boolean | undefined;
}

/** What was removed from a builder's cache; with `dryRun`, what may be. */
export interface PrunedBuilder {
  readonly command: ShellCommand;
  readonly records: number;
  /** As far as the builder tells it: sizes that it rounds are sums of rounded numbers. */
  readonly bytes: number;
  /** The cache mounts, none of which is ever removed here: compilers' caches can't be made again quickly. */
  readonly cacheMounts: number;
}

const KEEP_MOUNTS = "type!=exec.cachemount";
const MOUNT = "exec.cachemount";
/** In milliseconds. Removing tens of gigabytes takes minutes. */
const PATIENCE = 3600_000;

/**
 * Lets a builder remove what no build uses from its cache, but never a cache mount.
 * @throws OciError `unsupported-operation`, `unreachable` when the builder refuses or does not answer;
 * `changed-meanwhile` when a cache mount is gone after it
 */
export async function pruneBuilder(
  builder: Builder,
  { olderThan, dryRun = false, signal }: PruneBuilderOptions = {},
): Promise<PrunedBuilder> {
  const command = pruneCommand(builder, olderThan);
  const before = await listRecords(builder, { signal });
  const mounts = (records: readonly CacheRecord[]): number =>
    records.filter(({ type }) => type === MOUNT).length;
  if (dryRun) {
    const idle = before.filter(({ type, reclaimable }) => type !== MOUNT && reclaimable);
    return { command, ...sum(idle), cacheMounts: mounts(before) };
  }
  await capture(command, { signal, timeout: PATIENCE });
  const after = await listRecords(builder, { signal });
  if (mounts(after) < mounts(before)) {
    throw new OciError(
      "changed-meanwhile",
      `builder: expected its ${mounts(before)} cache mounts to stay, got ${mounts(after)}`,
    );
  }
  const left = new Set(after.map(({ id }) => id));
  const gone = before.filter(({ id }) => !left.has(id));
  return { command, ...sum(gone), cacheMounts: mounts(after) };
}

/** The builder's own command. */
export function pruneCommand(
  { kind, program, name }: Builder,
  olderThan: number | undefined,
): ShellCommand {
  const duration = olderThan === undefined ? undefined : `${Math.round(olderThan / 1000)}s`;
  if (kind === "buildctl") {
    const age = duration === undefined ? [] : [`--keep-duration=${duration}`];
    const at = name === undefined ? [] : [`--addr=${name}`];
    return { program, words: [...at, "prune", `--filter=${KEEP_MOUNTS}`, ...age] };
  }
  const at = name === undefined ? [] : [`--builder=${name}`];
  const age = duration === undefined ? [] : [`--filter=until=${duration}`];
  return {
    program,
    words: ["buildx", "prune", ...at, "--force", `--filter=${KEEP_MOUNTS}`, ...age],
  };
}

interface CacheRecord {
  readonly id: string;
  readonly type: string;
  readonly bytes: number;
  readonly reclaimable: boolean;
}

function sum(records: readonly CacheRecord[]): {
  readonly records: number;
  readonly bytes: number;
} {
  return {
    records: records.length,
    bytes: records.reduce((total, { bytes }) => total + bytes, 0),
  };
}

async function listRecords(builder: Builder, options: AbortOptions): Promise<CacheRecord[]> {
  const { kind, program, name } = builder;
  if (kind === "buildctl") {
    const at = name === undefined ? [] : [`--addr=${name}`];
    const words = [...at, "du", "--format={{json .}}"];
    return readJson(await capture({ program, words }, options)).flatMap(readBuildctlRecord);
  }
  const at = name === undefined ? [] : [`--builder=${name}`];
  const words = ["buildx", "du", ...at, "--format=json"];
  const lines = await capture({ program, words }, options);
  return lines.split("\n").flatMap((line) => readJson(line).flatMap(readBuildxRecord));
}

const buildxRecord = z.object({
  ID: z.string(),
  Type: z._default(z.string(), ""),
  Size: z._default(z.string(), ""),
  Reclaimable: z._default(z.boolean(), false),
});

function readBuildxRecord(value: unknown): CacheRecord[] {
  const { data } = z.safeParse(buildxRecord, value);
  if (data === undefined) return [];
  return [
    { id: data.ID, type: data.Type, bytes: readSize(data.Size), reclaimable: data.Reclaimable },
  ];
}

const buildctlRecord = z.object({
  id: z.string(),
  recordType: z._default(z.string(), ""),
  size: z._default(z.number(), 0),
  inUse: z._default(z.boolean(), false),
});

function readBuildctlRecord(value: unknown): CacheRecord[] {
  const { data } = z.safeParse(buildctlRecord, value);
  if (data === undefined) return [];
  return [{ id: data.id, type: data.recordType, bytes: data.size, reclaimable: !data.inUse }];
}

/** A size as docker prints it: `20.48kB`, `1.5GB`. */
function readSize(text: string): number {
  const [, number = "0", unit = ""] = /^([\d.]{1,20})\s?([kMGT]?)B/.exec(text) ?? [];
  return Math.round(Number(number) * 1000 ** ["", "k", "M", "G", "T"].indexOf(unit));
}

/** The values of a JSON text: those of a list, else the one. @throws OciError: unreadable is not an empty cache */
function readJson(text: string): readonly unknown[] {
  if (text.trim() === "") return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [value];
  } catch (cause) {
    const message = `builder: expected the list of its cache as JSON, got ${quote(text)}`;
    throw new OciError("unsupported-operation", message, { cause });
  }
}

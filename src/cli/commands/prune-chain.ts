// SPDX-License-Identifier: MIT
import { relative } from "node:path";
import { findBuilder } from "../../chain/buildkit/builders/find-builder.ts";
import { pruneBuilder } from "../../chain/buildkit/builders/prune-builder.ts";
import { formatCommand } from "../../chain/buildkit/process/shell-command.ts";
import {
  defaultContextsDirectory,
  sweepContexts,
} from "../../chain/buildkit/places/temporary-context.ts";
import { provenanceKeys } from "../../chain/images/provenance-keys.ts";
import { findLeftContexts } from "../../chain/prune/left-contexts.ts";
import { findSpareLayouts } from "../../chain/prune/spare-layouts.ts";
import { chainLayouts } from "../../config/output-directory.ts";
import { configurationToChain } from "../../config/stages/configuration-to-chain.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { isOciError } from "../../oci/errors.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import { CACHE_LIMITS, pruneCache } from "../../store/cache.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { collectGarbage, isBeingWritten } from "../../store/prune/collect-garbage.ts";
import type { Outcome, Session } from "../command.ts";
import type { Context } from "../context.ts";
import { DONE } from "../exit-status.ts";
import { findConfigured, nameOf, noConfiguration } from "../input/configured.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count } from "../../report/text/format.ts";

interface How {
  /** In milliseconds. */
  readonly age: number | undefined;
  readonly dryRun: boolean;
  readonly mostShare: number;
  readonly builder: string | undefined;
}

/** What goes of one place; `bytes` where that is known. */
interface Part {
  readonly what: "layout" | "blobs" | "context" | "cache" | "builder";
  readonly name: string;
  readonly entries: number;
  readonly bytes?: number | undefined;
}

/** Runs `oci-kit prune --chain`: what is found first, place by place, is removed in that order. */
export async function pruneChain(how: How, session: Session): Promise<Outcome> {
  const { context } = session;
  const configuration = await findConfigured(context);
  if (configuration === undefined) {
    throw noConfiguration("prune --chain", "The stages of a chain are declared there.");
  }
  const { limits, signal } = context;
  const { directory, document } = configuration;
  const keys = provenanceKeys(document.provenance?.keys);
  const chain = configurationToChain(configuration);
  const places = { directory, layouts: chainLayouts(configuration) };
  const { spare, current } = await findSpareLayouts(chain, places, keys, { limits, signal });
  const parts: Part[] = [];
  for (const path of spare) {
    parts.push({ what: "layout", name: relative(directory, path), entries: 1 });
    if (!how.dryRun) await removeTree(path, { signal });
  }
  for (const path of current) {
    const blobs = await pruneLayout(path, how, context);
    parts.push({ what: "blobs", name: relative(directory, path), ...blobs });
  }
  parts.push(...pruneContexts(how, context), await pruneCaches(how, context));
  const { part, left } = await pruneBuilders(how, context);
  if (part !== undefined) parts.push(part);
  const going = parts.filter(({ entries }) => entries > 0);
  return {
    status: DONE,
    document: {
      dryRun: how.dryRun,
      removed: going,
      builderSkipped: left,
      configuration: configuration.file,
    },
    lines: [
      ...going.map((one) => lineOf(one, how.dryRun)),
      ...(left === undefined ? [] : [`the builder's cache was not looked at: ${left}`]),
      ...ending(going, how.dryRun),
      `configuration: ${await nameOf(configuration)}`,
    ],
  };
}

async function pruneLayout(path: string, how: How, { limits, signal }: Context) {
  const layout = await openLayout(path, { limits, signal });
  const { age, dryRun, mostShare } = how;
  const minAge = age ?? (isBeingWritten(layout) ? undefined : 0);
  const options = { minAge, untaggedAge: age, dryRun, mostShare, limits, signal };
  const { removed, removedBytes } = await collectGarbage(layout, options);
  return { entries: removed.length, bytes: removedBytes };
}

function pruneContexts({ dryRun }: How, { env }: Context): Part[] {
  const root = defaultContextsDirectory(env);
  const left = findLeftContexts(root);
  if (!dryRun && left.length > 0) sweepContexts(root);
  return left.map((name) => ({ what: "context", name, entries: 1 }));
}

async function pruneCaches({ age, dryRun }: How, { env, signal }: Context): Promise<Part> {
  const limits = { ...CACHE_LIMITS, ...(age !== undefined && { maxAge: age }) };
  const options = { ...limits, dryRun, signal };
  const pruned = await pruneCache(defaultCacheDirectory(env), options);
  const { directory, removed, removedBytes } = pruned;
  return { what: "cache", name: directory, entries: removed.length, bytes: removedBytes };
}

/** Without a builder nothing is left in one; one that was named and does not answer is an error. */
async function pruneBuilders(
  { age, dryRun, builder }: How,
  { env, signal }: Context,
): Promise<{ readonly part?: Part; readonly left?: string }> {
  try {
    const found = await findBuilder({ name: builder, env, signal });
    const pruned = await pruneBuilder(found, { olderThan: age, dryRun, signal });
    const name = formatCommand(pruned.command);
    return { part: { what: "builder", name, entries: pruned.records, bytes: pruned.bytes } };
  } catch (error) {
    const isMissing = isOciError(error, "unsupported-operation") && builder === undefined;
    if (!isMissing) throw error;
    return { left: error.message.split("\n")[0]! };
  }
}

const WORDS = {
  layout: ["layout", "layouts"],
  blobs: ["blob", "blobs"],
  context: ["context", "contexts"],
  cache: ["entry of the cache", "entries of the cache"],
  builder: ["record of the builder", "records of the builder"],
} as const;

function lineOf({ what, name, entries, bytes }: Part, dryRun: boolean): string {
  const [one, many] = WORDS[what];
  const size = bytes === undefined ? "" : `, ${formatBytes(bytes)}`;
  return `${dryRun ? "would remove" : "removed"} ${count(entries, one, many)}${size}: ${name}`;
}

function ending(going: readonly Part[], dryRun: boolean): readonly string[] {
  if (going.length === 0) return ["nothing to remove"];
  return dryRun ? ["--yes removes all of it"] : [];
}

// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";
import { throwIfAborted } from "../../bytes/abort.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { describe } from "../../bytes/describe-content.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { formatJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-types.ts";
import type { Referrer } from "../../store/referrers/describe-referrer.ts";
import type { Manifests } from "../documents/manifests.ts";
import { removeManifest } from "../documents/remove-content.ts";
import { RegistryError } from "../registry-error.ts";
import type { RepositoryContext } from "../repository-context.ts";
import { formatRoute } from "../wire/paths.ts";
import { emptyList, readFallback, takenTag, type FallbackList } from "./fallback-list.ts";

/** How often a list is read and edited before it is given up: others edit it too. */
const ATTEMPTS = 6;
/** Milliseconds, doubled for each attempt. */
const DELAY = 25;

/**
 * Brings a fallback list to a state. It is read again after each edit, because another client may have put its
 * own in between: then it is edited once more.
 * @throws OciError `already-exists` when the tag names something else; RegistryError `registry-refused` when
 * the edit is lost every time
 */
export async function editFallback(
  context: RepositoryContext,
  manifests: Manifests,
  referrer: Referrer,
  state: "listed" | "struck",
  options: AbortOptions,
): Promise<void> {
  const { subject, descriptor } = referrer;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    throwIfAborted(options.signal, `${context.name}: list of referrers`);
    if (attempt > 1) await sleep(DELAY * 2 ** attempt * Math.random());
    const list = await readFallback(context, manifests, subject, options);
    if (typeof list === "string" && state === "struck") return;
    if (list === "other") throw takenTag(context, subject);
    const current = list === "subject" ? emptyList(subject) : list;
    const isListed = current.listed.some(({ digest }) => digest === descriptor.digest);
    if (isListed === (state === "listed")) return;
    if (state === "listed")
      await put(manifests, current, [...entriesOf(current), descriptor], options);
    else await strikeFrom(context, manifests, referrer, current, options);
  }
  const target = formatRoute({
    kind: "referrers",
    repository: context.repository,
    digest: subject,
  });
  throw new RegistryError(
    "registry-refused",
    `${context.name}: expected ${descriptor.digest} ${state === "listed" ? "on" : "off"} the list of what refers to ${subject}, but each edit was lost`,
    {
      method: "PUT",
      url: new URL(target, context.transport.origin).href,
      hint: "Somebody else edits the same list all the time, or the registry shows it too late; try again.",
    },
  );
}

/** What the index lists, as it is written there: entries that are not understood stay as they are. */
function entriesOf({ value }: FallbackList): readonly Partial<Descriptor>[] {
  const { manifests = null } = value;
  return (manifests as readonly Partial<Descriptor>[] | null) ?? [];
}

async function strikeFrom(
  context: RepositoryContext,
  manifests: Manifests,
  { descriptor }: Referrer,
  current: FallbackList,
  options: AbortOptions,
): Promise<void> {
  const left = entriesOf(current).filter(({ digest }) => digest !== descriptor.digest);
  // Removed by its digest the list goes only as it was read: one that somebody has put since then stays.
  if (left.length === 0 && current.descriptor !== undefined) {
    if (await removeManifest(context, current.descriptor.digest, options)) return;
  }
  await put(manifests, current, left, options);
}

async function put(
  manifests: Manifests,
  { tag, value }: FallbackList,
  entries: readonly Partial<Descriptor>[],
  options: AbortOptions,
): Promise<void> {
  const bytes = formatJson({ ...value, manifests: entries });
  await manifests.put(describe(MediaType.index, bytes), tag, bytes, options);
}

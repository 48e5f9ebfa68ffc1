// SPDX-License-Identifier: MIT
import type { Digest } from "../oci/digest.ts";
import { formatRoute } from "../registry/wire/paths.ts";
import type { Repository } from "../store/repositories/repositories.ts";
import { sendJson } from "./http-call.ts";
import type { Call } from "./http-call.ts";
import { cutPage } from "./pages.ts";
import { ProtocolError } from "./protocol-error.ts";

/** GET of the tags of a repository (distribution-spec, "Listing tags"). */
export async function listTags(call: Call, name: string): Promise<void> {
  const repository = await openExisting(call, name);
  const path = formatRoute({ kind: "tags", repository: name });
  const { items, headers } = cutPage(call, path, await repository.tags());
  sendJson(call, 200, JSON.stringify({ name, tags: items }), headers);
}

/** GET of the names of all repositories that have tags or manifests and may be read. */
export async function listRepositories(call: Call): Promise<void> {
  const names = (await call.repositories.names()).filter((name) => call.mayPull(name));
  const { items, headers } = cutPage(call, formatRoute({ kind: "catalog" }), names);
  sendJson(call, 200, JSON.stringify({ repositories: items }), headers);
}

/**
 * GET of all manifests of a repository, with or without tags: an extension of ours, for which the
 * specification has no endpoint, and by which `prune` finds what no tag leads to. `since` is when it was last
 * pushed, lost a tag or was named by an index. With `digest`, only that one.
 */
export async function listManifests(call: Call, name: string): Promise<void> {
  const repository = await openExisting(call, name);
  const times = new Map([...repository.manifests()].map(({ digest, since }) => [digest, since]));
  const path = formatRoute({ kind: "manifests", repository: name });
  const only = call.query.get("digest");
  const digests = [...times.keys()].filter((digest) => only === null || digest === only).sort();
  const { items, headers } = cutPage(call, path, digests);
  const manifests = [];
  for (const digest of items as readonly Digest[]) {
    const found = await repository.manifest(digest);
    if (found === undefined) continue;
    const since = new Date(times.get(digest) ?? 0).toISOString();
    manifests.push({ ...found.descriptor, since, subject: found.subject });
  }
  sendJson(call, 200, JSON.stringify({ name, manifests }), headers);
}

async function openExisting(call: Call, name: string): Promise<Repository> {
  const repository = await call.repositories.open(name);
  if (await repository.exists()) return repository;
  throw new ProtocolError(404, "NAME_UNKNOWN", `there is no repository ${name}`);
}

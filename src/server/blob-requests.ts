// SPDX-License-Identifier: MIT
import { closeSync } from "node:fs";
import type { Digest } from "../oci/digest.ts";
import { isOciError } from "../oci/errors.ts";
import { formatContentRange, parseRange } from "../registry/wire/range.ts";
import { openBlob } from "../store/layout/layout-blobs.ts";
import type { Repository } from "../store/repositories/repositories.ts";
import { entityTag, isRangeWanted, isWanted } from "./conditions.ts";
import { sendBlob, sendEmpty } from "./http-call.ts";
import type { Call } from "./http-call.ts";
import { ProtocolError } from "./protocol-error.ts";

const TYPE = "application/octet-stream";

/** GET and HEAD of a blob, or of a part of it (distribution-spec, "Pulling blobs"). */
export async function serveBlob(call: Call, name: string, digest: Digest): Promise<void> {
  const size = sizeIn(call, await call.repositories.open(name), digest);
  const headers = {
    "content-type": TYPE,
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
    etag: entityTag(digest),
  };
  if (!isWanted(call.request, digest)) {
    sendEmpty(call, 304, { etag: headers.etag, "docker-content-digest": digest });
    return;
  }
  if (call.request.method === "HEAD") {
    sendEmpty(call, 200, { ...headers, "content-length": size });
    return;
  }
  const asked = isRangeWanted(call.request, digest) ? call.request.headers.range : undefined;
  const range = parseRange(asked, size);
  if (range === "unsatisfiable") {
    const contentRange = { "content-range": `bytes */${size}` };
    throw new ProtocolError(416, "SIZE_INVALID", `the blob has ${size} bytes`, contentRange);
  }
  if (range === undefined) {
    await sendBlob(call, 200, { ...headers, "content-length": size }, digest, { length: size });
    return;
  }
  const length = range.end - range.start + 1;
  const partHeaders = {
    ...headers,
    "content-length": length,
    "content-range": formatContentRange(range, size),
  };
  await sendBlob(call, 206, partHeaders, digest, { offset: range.start, length });
}

/** DELETE of a blob, which other repositories keep. Its bytes stay until garbage collection. */
export async function deleteBlob(call: Call, name: string, digest: Digest): Promise<void> {
  const repository = await call.repositories.open(name);
  if (!(await repository.removeBlob(digest))) throw unknownBlob(name, digest);
  sendEmpty(call, 202);
}

/** The size of stored content that belongs to a repository, its manifests included. @throws ProtocolError 404 */
function sizeIn(call: Call, repository: Repository, digest: Digest): number {
  const isHere = repository.hasBlob(digest) || repository.hasManifest(digest);
  const size = isHere ? storedSize(call, digest) : undefined;
  if (size === undefined) throw unknownBlob(repository.name, digest);
  return size;
}

/** The size of the bytes with this digest, whoever they belong to; undefined when there are none. */
export function storedSize({ store }: Call, digest: Digest): number | undefined {
  try {
    const { fd, size } = openBlob(store.directory, digest);
    closeSync(fd);
    return size;
  } catch (error) {
    if (isOciError(error, "not-found")) return undefined;
    throw error;
  }
}

function unknownBlob(name: string, digest: Digest): ProtocolError {
  return new ProtocolError(404, "BLOB_UNKNOWN", `${name} has no blob ${digest}`);
}

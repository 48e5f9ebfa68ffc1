// SPDX-License-Identifier: MIT
import { isDigest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isOciError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";
import { readDocumentBytes } from "../store/read-documents.ts";
import type { Repository } from "../store/repositories/repositories.ts";
import { storedSize } from "./blob-requests.ts";
import { checkUnchanged, entityTag, isWanted } from "./conditions.ts";
import { sendDocument, sendEmpty } from "./http-call.ts";
import type { Call } from "./http-call.ts";
import { ProtocolError } from "./protocol-error.ts";

/** GET and HEAD of a manifest or index, by tag or digest (distribution-spec, "Pulling manifests"). */
export async function serveManifest(call: Call, name: string, reference: string): Promise<void> {
  const repository = await call.repositories.open(name);
  const found = await findManifest(repository, reference);
  if (found === undefined || storedSize(call, found.digest) === undefined) {
    throw unknownManifest(name, reference);
  }
  const { mediaType, digest, size } = found;
  const headers = {
    "content-type": mediaType,
    "content-length": size,
    "docker-content-digest": digest,
    etag: entityTag(digest),
  };
  if (!isWanted(call.request, digest)) {
    sendEmpty(call, 304, { etag: headers.etag, "docker-content-digest": digest });
    return;
  }
  if (call.request.method === "HEAD") {
    sendEmpty(call, 200, headers);
    return;
  }
  const bytes = await readStored(call, { mediaType, digest, size });
  sendDocument(call, 200, headers, bytes);
}

/**
 * DELETE of a tag, which keeps the manifest, or of a manifest with all its tags (distribution-spec, "Content
 * Management"). Other repositories keep theirs.
 */
export async function deleteManifest(call: Call, name: string, reference: string): Promise<void> {
  const repository = await call.repositories.open(name);
  await call.inTurn(() =>
    call.repositories.edit(async () => {
      const found = await findManifest(repository, reference);
      if (found === undefined) throw unknownManifest(name, reference);
      checkUnchanged(call.request, found.digest);
      if (isDigest(reference)) await repository.removeManifest(reference);
      else await repository.removeTag(reference);
    }),
  );
  sendEmpty(call, 202);
}

async function findManifest(
  repository: Repository,
  reference: string,
): Promise<Descriptor | undefined> {
  if (!isDigest(reference)) return repository.tag(reference);
  return (await repository.manifest(reference))?.descriptor;
}

/** Reads a stored document. What was removed since it was found is unknown, as if it had been asked for later. */
async function readStored(call: Call, descriptor: Descriptor): Promise<Uint8Array> {
  try {
    return await readDocumentBytes(call.store, descriptor, { limits: call.limits });
  } catch (error) {
    if (isOciError(error, "not-found")) throw unknownManifest("the registry", descriptor.digest);
    throw error;
  }
}

function unknownManifest(name: string, reference: string): ProtocolError {
  return new ProtocolError(404, "MANIFEST_UNKNOWN", `${name} has no ${quote(reference)}`);
}

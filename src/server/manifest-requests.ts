// SPDX-License-Identifier: MIT
import { sourceOf } from "../bytes/bytes.ts";
import { digestBytes } from "../bytes/hash.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isDigest, knownAlgorithm } from "../oci/digest.ts";
import { isOciError } from "../oci/errors.ts";
import { isIndexType, isManifestType } from "../oci/media-types.ts";
import { parseIndex, parseManifest } from "../oci/documents/parse-documents.ts";
import { quote } from "../oci/quote.ts";
import { formatRoute } from "../registry/wire/paths.ts";
import { describeManifest } from "../store/describe-manifest.ts";
import { readDocumentBytes } from "../store/read-documents.ts";
import { bodyOf, sendDocument, sendEmpty } from "./http-call.ts";
import type { Call } from "./http-call.ts";
import { formatRootName, namedRoots } from "./root-names.ts";
import type { NamedRoot } from "./root-names.ts";
import { ProtocolError } from "./protocol-error.ts";

/** GET and HEAD of a manifest or index, by tag or digest (distribution-spec, "Pulling manifests"). */
export async function serveManifest(
  call: Call,
  repository: string,
  reference: string,
): Promise<void> {
  const { mediaType, digest, size } = await findManifest(call, repository, reference);
  const headers = {
    "content-type": mediaType,
    "content-length": size,
    "docker-content-digest": digest,
    etag: `"${digest}"`,
  };
  if (call.request.method === "HEAD") {
    sendEmpty(call, 200, headers);
    return;
  }
  const bytes = await readDocumentBytes(
    call.store,
    { mediaType, digest, size },
    { limits: call.limits },
  );
  sendDocument(call, 200, headers, bytes);
}

/**
 * PUT of a manifest or index (distribution-spec, "Pushing manifests"). Everything that it names must be
 * stored already.
 */
export async function putManifest(
  call: Call,
  repository: string,
  reference: string,
): Promise<void> {
  const bytes = await readAll(bodyOf(call), call.limits.documentBytes, "manifest to push");
  const descriptor = describeBody(call, reference, bytes);
  const { children, subject } = parseDocument(call, bytes, descriptor);
  await checkChildren(call, children);
  await call.inTurn(async () => {
    if (!(await holdsWhole(call, descriptor))) {
      await call.store.capabilities.replace(descriptor, sourceOf(bytes));
    }
    if (isDigest(reference)) await call.store.capabilities.addRoot(descriptor);
    else await moveTag(call, descriptor, { repository, tag: reference });
  });
  sendEmpty(call, 201, {
    location: formatRoute({ kind: "manifest", repository, reference: descriptor.digest }),
    "docker-content-digest": descriptor.digest,
    ...(subject !== undefined && { "oci-subject": subject.digest }),
  });
}

/** DELETE of a tag, which keeps the manifest; or of a manifest, with all its tags in the repository. */
export async function deleteManifest(
  call: Call,
  repository: string,
  reference: string,
): Promise<void> {
  const found = await findManifest(call, repository, reference);
  await call.inTurn(async () => {
    const { capabilities } = call.store;
    const same = (await tagsOf(call)).filter((root) => root.descriptor.digest === found.digest);
    const mine = same.filter((root) => root.repository === repository);
    if (isDigest(reference) && mine.length === same.length) {
      await capabilities.remove(found.digest);
      return;
    }
    const goes = isDigest(reference) ? mine : mine.filter((root) => root.tag === reference);
    for (const { name } of goes) await capabilities.untag(name);
    // The manifest stays available by its digest without a tag.
    await capabilities.addRoot(found);
  });
  sendEmpty(call, 202);
}

/** All tags of all repositories. */
export async function tagsOf(call: Call): Promise<readonly NamedRoot[]> {
  return namedRoots(await call.store.capabilities.roots(), call.own);
}

async function findManifest(
  call: Call,
  repository: string,
  reference: string,
): Promise<Descriptor> {
  const unknown = new ProtocolError(
    404,
    "MANIFEST_UNKNOWN",
    `${repository} has no ${quote(reference)}`,
  );
  if (!isDigest(reference)) {
    const tags = await tagsOf(call);
    const found = tags.find((root) => root.repository === repository && root.tag === reference);
    if (found === undefined) throw unknown;
    return found.descriptor;
  }
  return call.store.resolve(reference).catch((error: unknown) => {
    throw isOciError(error, "not-found") ? unknown : error;
  });
}

function describeBody(call: Call, reference: string, bytes: Uint8Array): Descriptor {
  const digest = digestBytes(bytes, isDigest(reference) ? knownAlgorithm(reference) : "sha256");
  if (isDigest(reference) && digest !== reference) {
    throw new ProtocolError(400, "DIGEST_INVALID", `expected ${reference}, got ${digest}`);
  }
  const header = call.request.headers["content-type"]?.split(";")[0]?.trim();
  const described = describeManifest(digest, bytes, call.limits);
  if (described !== undefined && (header === undefined || header === described.mediaType)) {
    return described;
  }
  if (header !== undefined && (isManifestType(header) || isIndexType(header))) {
    // The parser reports how the header and the document disagree.
    return { mediaType: header, digest, size: bytes.length };
  }
  throw new ProtocolError(
    400,
    "MANIFEST_INVALID",
    `expected a manifest or an index of OCI or Docker, got ${quote(header)}`,
  );
}

/** Whether the document is stored and undamaged. Documents are small enough to be read and verified here. */
async function holdsWhole({ store, limits }: Call, descriptor: Descriptor): Promise<boolean> {
  if (!(await store.exists(descriptor))) return false;
  try {
    await readDocumentBytes(store, descriptor, { limits });
    return true;
  } catch (error) {
    if (isOciError(error, "digest-mismatch", "size-mismatch")) return false;
    throw error;
  }
}

interface Links {
  /** What must be stored before: the children of an index, or the config and layers of a manifest. */
  readonly children: readonly Descriptor[];
  readonly subject: Descriptor | undefined;
}

/** @throws OciError `invalid-manifest`, `invalid-index`, `invalid-json`, `limit-exceeded` */
function parseDocument({ limits }: Call, bytes: Uint8Array, descriptor: Descriptor): Links {
  if (isIndexType(descriptor.mediaType)) {
    const { manifests, subject } = parseIndex(bytes, descriptor, { limits }).value;
    return { children: manifests, subject };
  }
  const { config, layers, subject } = parseManifest(bytes, descriptor, { limits }).value;
  // Layers with urls are fetched from elsewhere and need not be stored here (image-spec,
  // "Non-distributable").
  return { children: [config, ...layers.filter(({ urls }) => urls === undefined)], subject };
}

async function checkChildren(call: Call, children: readonly Descriptor[]): Promise<void> {
  for (const child of children) {
    if (await call.store.exists(child)) continue;
    throw new ProtocolError(
      404,
      "MANIFEST_BLOB_UNKNOWN",
      `expected ${child.digest} of ${child.size} bytes to be pushed before, got nothing of it`,
    );
  }
}

/** Moves a tag. The manifest that it named before stays a root, because it can still be requested by digest. */
async function moveTag(
  call: Call,
  descriptor: Descriptor,
  to: { readonly repository: string; readonly tag: string },
): Promise<void> {
  const name = formatRootName(to);
  const before = (await tagsOf(call)).find((root) => root.name === name)?.descriptor;
  await call.store.tag(descriptor, name);
  if (before !== undefined && before.digest !== descriptor.digest) {
    await call.store.capabilities.addRoot(before);
  }
}

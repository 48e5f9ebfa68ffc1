// SPDX-License-Identifier: MIT
import { sourceOf } from "../bytes/bytes.ts";
import { digestBytes } from "../bytes/hash.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import { isDigest, knownAlgorithm } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { parseIndex, parseManifest } from "../oci/documents/parse-documents.ts";
import { isOciError } from "../oci/errors.ts";
import { isIndexType, isManifestType } from "../oci/media-types.ts";
import { quote } from "../oci/quote.ts";
import { parseTag } from "../oci/reference.ts";
import { formatRoute } from "../registry/wire/paths.ts";
import { describeManifest } from "../store/describe-manifest.ts";
import { readDocumentBytes } from "../store/read-documents.ts";
import type { Repository } from "../store/repositories/repositories.ts";
import { checkUnchanged } from "./conditions.ts";
import { bodyOf, sendEmpty } from "./http-call.ts";
import type { Call } from "./http-call.ts";
import { ProtocolError } from "./protocol-error.ts";

/** The most tags that one push may give. The specification asks for ten at least. */
const MOST_TAGS = 100;

/**
 * PUT of a manifest or index, under a digest with any number of `tag` parameters or under a tag
 * (distribution-spec, "Pushing manifests"). Everything that it names must belong to the repository already,
 * except its subject; with `sparse`, nothing need.
 */
export async function putManifest(call: Call, name: string, reference: string): Promise<void> {
  const further = tagParameters(call);
  const bytes = await readAll(bodyOf(call), call.limits.documentBytes, "manifest to push");
  const descriptor = describeBody(call, reference, bytes);
  const { children, subject } = parseDocument(call, bytes, descriptor);
  const repository = await call.repositories.open(name);
  const check = (): Promise<void> => checkChildren(call, repository, children);
  await check();
  const store = async (): Promise<void> => {
    if (await holdsWhole(call, descriptor)) return;
    await call.store.capabilities.replace(descriptor, sourceOf(bytes));
  };
  await store();
  const tags = [...new Set([...(isDigest(reference) ? [] : [reference]), ...further])];
  await call.inTurn(() =>
    call.repositories.edit(async () => {
      await checkPlace(call, repository, reference);
      // Again, now that garbage collection waits: what was there a moment ago may have gone.
      await check();
      await store();
      const manifest = { descriptor, subject: subject?.digest };
      await repository.addManifest(manifest);
      for (const { digest } of children) repository.renewManifest(digest);
      if (tags.length > 0) await repository.setTags(tags, manifest);
    }),
  );
  sendEmpty(call, 201, {
    location: formatRoute({ kind: "manifest", repository: name, reference: descriptor.digest }),
    "docker-content-digest": descriptor.digest,
    ...(subject !== undefined && { "oci-subject": subject.digest }),
    ...(further.length > 0 && { "oci-tag": further.join(", ") }),
  });
}

function tagParameters({ query }: Call): readonly string[] {
  const tags = query.getAll("tag").map(parseTag);
  if (tags.length <= MOST_TAGS) return tags;
  const message = `expected at most ${MOST_TAGS} tags for one manifest, got ${tags.length}`;
  throw new ProtocolError(414, "UNSUPPORTED", message);
}

/** @throws ProtocolError 412 when the tag or manifest is not what the request expects there */
async function checkPlace(call: Call, repository: Repository, reference: string): Promise<void> {
  const current = isDigest(reference)
    ? (await repository.manifest(reference))?.descriptor
    : await repository.tag(reference);
  checkUnchanged(call.request, current?.digest);
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
    if (isOciError(error, "digest-mismatch", "size-mismatch", "not-found")) return false;
    throw error;
  }
}

interface Links {
  /** What must be there before: the children of an index, or the config and layers of a manifest. */
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

async function checkChildren(
  call: Call,
  repository: Repository,
  children: readonly Descriptor[],
): Promise<void> {
  if (call.sparse) return;
  for (const child of children) {
    const isHere = repository.hasBlob(child.digest) || repository.hasManifest(child.digest);
    if (isHere && (await call.store.exists(child))) continue;
    throw new ProtocolError(
      404,
      "MANIFEST_BLOB_UNKNOWN",
      `expected ${child.digest} of ${child.size} bytes to be pushed to ${repository.name} before, got nothing of it`,
    );
  }
}

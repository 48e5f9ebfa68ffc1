// SPDX-License-Identifier: MIT
import { closeSync } from "node:fs";
import { knownAlgorithm, type Digest, type DigestAlgorithm } from "../oci/digest.ts";
import { parseRepository } from "../oci/reference.ts";
import { formatRoute, parseKnownDigest } from "../registry/wire/paths.ts";
import { formatUploadRange, parseUploadRange } from "../registry/wire/range.ts";
import { storedSize } from "./blob-requests.ts";
import { pushedBodyOf, sendEmpty } from "./http-call.ts";
import type { Call } from "./http-call.ts";
import { clientOf } from "./listen/client-connections.ts";
import { isOciError } from "../oci/errors.ts";
import { openBlob, settleBlob } from "../store/layout/layout-blobs.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Upload } from "./uploads.ts";

/** POST: starts an upload, stores a blob in one request, or mounts one (distribution-spec, "Pushing blobs"). */
export async function beginUpload(call: Call, repository: string): Promise<void> {
  const { query } = call;
  const algorithm = algorithmOf(query.get("digest-algorithm"));
  const mounted = query.get("mount");
  if (mounted !== null && (await mount(call, repository, parseKnownDigest(mounted)))) return;
  const whole = query.get("digest");
  const length = contentLength(call);
  if (whole !== null && mounted === null && length !== undefined) {
    await storeWhole(call, repository, parseKnownDigest(whole));
    return;
  }
  const client = clientOf(call.request.socket.remoteAddress);
  sendProgress(call, 202, await call.uploads.begin(repository, client, algorithm));
}

/**
 * Takes over a blob from the repository that the request names in `from`, and answers. False when that does
 * not have it, or is not named: what is elsewhere may be nothing for whoever asks.
 */
async function mount(call: Call, name: string, digest: Digest): Promise<boolean> {
  const from = call.query.get("from");
  if (from === null || !isRepository(from)) return false;
  const source = await call.repositories.open(from);
  if (!source.hasBlob(digest)) return false;
  const size = storedSize(call, digest);
  if (size === undefined) return false;
  const target = await call.repositories.open(name);
  // Marks the blob as wanted, so that garbage collection by age spares it from here on.
  await call.store.exists({ mediaType: "application/octet-stream", digest, size });
  await target.addBlob(digest);
  await settleBlob(call.store.directory, digest);
  if (storedSize(call, digest) === undefined) return false;
  sendCreated(call, name, digest);
  return true;
}

function isRepository(text: string): boolean {
  try {
    return parseRepository(text) === text;
  } catch (error) {
    if (isOciError(error, "invalid-reference")) return false;
    throw error;
  }
}

/** @throws ProtocolError 400 for an algorithm that this registry does not know */
function algorithmOf(text: string | null): DigestAlgorithm | undefined {
  if (text === null || text === "sha256" || text === "sha512") return text ?? undefined;
  throw new ProtocolError(400, "DIGEST_INVALID", "expected sha256 or sha512 as digest-algorithm");
}

/** GET: reports how many bytes have arrived. */
export async function uploadStatus(call: Call, repository: string, id: string): Promise<void> {
  const upload = call.uploads.find(repository, id);
  await upload.settle();
  sendProgress(call, 204, upload);
}

/** PATCH: appends a chunk, or a stream of unknown length. */
export async function appendToUpload(call: Call, repository: string, id: string): Promise<void> {
  const upload = call.uploads.find(repository, id);
  checkChunk(call, upload);
  await upload.receive(pushedBodyOf(call));
  sendProgress(call, 202, upload);
}

/** PUT: finishes an upload. The body is the last chunk, all of the content, or empty. */
export async function finishUpload(call: Call, repository: string, id: string): Promise<void> {
  const upload = call.uploads.find(repository, id);
  const digest = parseKnownDigest(call.query.get("digest") ?? "");
  checkChunk(call, upload);
  upload.hashWith(knownAlgorithm(digest));
  await upload.receive(pushedBodyOf(call));
  await upload.finish(digest);
  await record(call, repository, digest);
  await rememberPlaced(call, digest);
  sendCreated(call, repository, digest);
}

/** DELETE: cancels an upload. */
export async function cancelUpload(call: Call, repository: string, id: string): Promise<void> {
  await call.uploads.find(repository, id).cancel();
  sendEmpty(call, 204);
}

/** Stores a body in one pass, verifying it on the way. It also replaces stored content, which may be damaged. */
async function storeWhole(call: Call, repository: string, digest: Digest): Promise<void> {
  const upload = await call.store.capabilities.uploads.begin();
  try {
    upload.hashWith(knownAlgorithm(digest));
    await upload.receive(pushedBodyOf(call));
  } catch (error) {
    await upload.cancel();
    throw error;
  }
  await upload.finish(digest);
  await record(call, repository, digest);
  await rememberPlaced(call, digest);
  sendCreated(call, repository, digest);
}

/** Below so many bytes, hashing a blob once more is done sooner than waiting until its file's time is unmistakable. */
const WORTH_REMEMBERING = 1024 * 1024;

/** Spares the first pull of a large blob that has just been stored, and was verified then, from verifying it again. */
async function rememberPlaced(call: Call, digest: Digest): Promise<void> {
  if ((storedSize(call, digest) ?? 0) < WORTH_REMEMBERING) return;
  const { fd } = openBlob(call.store.directory, digest);
  try {
    await call.verified.addPlaced(digest, fd);
  } finally {
    closeSync(fd);
  }
}

/** Refuses a chunk whose `Content-Range` does not start where the upload stands. */
function checkChunk(call: Call, upload: Upload): void {
  const header = call.request.headers["content-range"];
  if (header === undefined) return;
  const range = parseUploadRange(header);
  const length = contentLength(call);
  const fits =
    range !== undefined && (length === undefined || range.end - range.start + 1 === length);
  if (fits && range.start === upload.received) return;
  throw new ProtocolError(
    416,
    "BLOB_UPLOAD_INVALID",
    `expected a chunk from ${upload.received} on, as long as it says`,
    progress(upload),
  );
}

function contentLength({ request }: Call): number | undefined {
  const header = request.headers["content-length"];
  return header === undefined ? undefined : Number(header);
}

async function record(call: Call, name: string, digest: Digest): Promise<void> {
  await (await call.repositories.open(name)).addBlob(digest);
}

function sendCreated(call: Call, repository: string, digest: Digest): void {
  sendEmpty(call, 201, {
    location: formatRoute({ kind: "blob", repository, digest }),
    "docker-content-digest": digest,
  });
}

function sendProgress(call: Call, status: 202 | 204, upload: Upload): void {
  sendEmpty(call, status, progress(upload));
}

function progress({ repository, id, received }: Upload): Readonly<Record<string, string>> {
  return {
    location: formatRoute({ kind: "upload", repository, id }),
    range: formatUploadRange(received),
    "docker-upload-uuid": id,
  };
}

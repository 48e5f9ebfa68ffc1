// SPDX-License-Identifier: MIT
import type { Source } from "../bytes/bytes.ts";
import type { Digest } from "../oci/digest.ts";
import { formatRoute, parseKnownDigest } from "../registry/wire/paths.ts";
import { formatUploadRange, parseUploadRange } from "../registry/wire/range.ts";
import { blobSize } from "./blob-requests.ts";
import { bodyOf, sendEmpty } from "./http-call.ts";
import type { Call } from "./http-call.ts";
import { clientOf } from "./listen/client-connections.ts";
import { isOciError } from "../oci/errors.ts";
import { settleBlob } from "../store/layout/layout-blobs.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Upload } from "./uploads.ts";

/** POST: starts an upload, stores a blob in one request, or mounts one (distribution-spec, "Pushing blobs"). */
export async function beginUpload(call: Call, repository: string): Promise<void> {
  const { query } = call;
  const mounted = query.get("mount");
  if (mounted !== null) {
    const digest = parseKnownDigest(mounted);
    if (hasBlob(call, digest)) {
      await settleBlob(call.store.directory, digest);
      sendCreated(call, repository, digest);
      return;
    }
  }
  const whole = query.get("digest");
  const length = contentLength(call);
  if (whole !== null && mounted === null && length !== undefined) {
    await storeWhole(call, repository, parseKnownDigest(whole), length);
    return;
  }
  const client = clientOf(call.request.socket.remoteAddress);
  sendProgress(call, 202, await call.uploads.begin(repository, client));
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
  await upload.append(bodyOf(call), contentLength(call));
  sendProgress(call, 202, upload);
}

/** PUT: finishes an upload. The body is the last chunk, all of the content, or empty. */
export async function finishUpload(call: Call, repository: string, id: string): Promise<void> {
  const upload = call.uploads.find(repository, id);
  const digest = parseKnownDigest(call.query.get("digest") ?? "");
  checkChunk(call, upload);
  await upload.append(bodyOf(call), contentLength(call));
  await upload.finish(digest);
  sendCreated(call, repository, digest);
}

/** DELETE: cancels an upload. */
export async function cancelUpload(call: Call, repository: string, id: string): Promise<void> {
  await call.uploads.find(repository, id).cancel();
  sendEmpty(call, 204);
}

/** Stores a body in one pass, verifying it on the way. It also replaces stored content, which may be damaged. */
async function storeWhole(
  call: Call,
  repository: string,
  digest: Digest,
  size: number,
): Promise<void> {
  const descriptor = { mediaType: "application/octet-stream", digest, size };
  const source: Source = { size, open: () => bodyOf(call) };
  await call.store.capabilities.replace(descriptor, source);
  sendCreated(call, repository, digest);
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

function hasBlob(call: Call, digest: Digest): boolean {
  try {
    blobSize(call, digest);
    return true;
  } catch (error) {
    if (isOciError(error, "not-found")) return false;
    throw error;
  }
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

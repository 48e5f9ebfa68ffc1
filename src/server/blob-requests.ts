// SPDX-License-Identifier: MIT
import { closeSync } from "node:fs";
import type { Digest } from "../oci/digest.ts";
import { formatContentRange, parseRange } from "../registry/wire/range.ts";
import { openBlob } from "../store/layout/layout-blobs.ts";
import { sendBlob, sendEmpty } from "./http-call.ts";
import type { Call } from "./http-call.ts";
import { ProtocolError } from "./protocol-error.ts";

const TYPE = "application/octet-stream";

/** GET and HEAD of a blob, or of a part of it (distribution-spec, "Pulling blobs"). */
export async function serveBlob(call: Call, digest: Digest): Promise<void> {
  const size = blobSize(call, digest);
  const headers = {
    "content-type": TYPE,
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
    etag: `"${digest}"`,
  };
  if (call.request.method === "HEAD") {
    sendEmpty(call, 200, { ...headers, "content-length": size });
    return;
  }
  const range = parseRange(call.request.headers.range, size);
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

/** DELETE of a blob. */
export async function deleteBlob(call: Call, digest: Digest): Promise<void> {
  blobSize(call, digest);
  await call.inTurn(() => call.store.capabilities.remove(digest));
  sendEmpty(call, 202);
}

/** The size of the blob with this digest. @throws OciError `not-found` */
export function blobSize({ store }: Call, digest: Digest): number {
  const { fd, size } = openBlob(store.directory, digest);
  closeSync(fd);
  return size;
}

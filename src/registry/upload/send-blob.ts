// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import type { AbortOptions, Bytes, Source } from "../../bytes/bytes.ts";
import { skip } from "../../bytes/streams/cut-bytes.ts";
import { verify } from "../../bytes/verify.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { holdBack } from "../transport/hold-back.ts";
import { followLate } from "./late-signal.ts";
import { cutPieces } from "./pieces.ts";
import type { RegistryUpload } from "./registry-upload.ts";
import type { Way } from "./ways.ts";

/** What is sent, and how. */
export interface Sending {
  readonly descriptor: Descriptor;
  readonly source: Source;
  readonly way: Way;
  /**
   * The bytes were hashed when this process wrote them to a private place: only the registry checks them again.
   */
  readonly isHashed: boolean;
  /** The most bytes of one PATCH. */
  readonly most: number;
  /** What the source is called in errors. */
  readonly what: string;
  /** Called after each chunk that the registry has acknowledged. */
  readonly onChunk: () => void;
}

/**
 * In milliseconds. A chunk that is under way when the work is stopped may end within this time, because some
 * registries forget the whole upload when a chunk breaks. Shorter than a stopped program waits.
 */
const LAST_CHUNK = 2_500;

/**
 * Sends what the upload lacks and finishes it. A source that is not hashed already is read from its start, because
 * only the whole can be verified; wrong content never arrives whole.
 * @throws OciError `digest-mismatch`, `size-mismatch`, `aborted`; RegistryError; any error of the source
 */
export async function sendBlob(
  upload: RegistryUpload,
  sending: Sending,
  options: AbortOptions,
): Promise<void> {
  const { descriptor, way } = sending;
  const { digest, size } = descriptor;
  if (upload.offset === 0 && way.kind === "put") {
    const whole: Source = { size, open: ({ signal } = {}) => open(sending, 0, { signal }) };
    await upload.finishWith(digest, whole, options);
    return;
  }
  await sendChunks(upload, sending, options);
  await upload.finish(digest, options);
}

async function sendChunks(
  upload: RegistryUpload,
  sending: Sending,
  { signal }: AbortOptions,
): Promise<void> {
  const { descriptor, way, most, onChunk, what } = sending;
  const { size } = descriptor;
  const wanted = way.kind === "put" ? size : Math.max(way.length, upload.state.chunkLeast ?? 0);
  const late = followLate(signal, LAST_CHUNK);
  const pieces = cutPieces(open(sending, upload.offset, late));
  try {
    while (upload.offset < size) {
      throwIfAborted(signal, what);
      const length = Math.min(wanted, most, size - upload.offset);
      await upload.append(pieces.next(length), length, late);
      onChunk();
    }
    await pieces.end();
    throwIfAborted(signal, what);
  } finally {
    await pieces.close();
    late.close();
  }
}

/** The bytes from an offset on, which end normally only if all of the content is right. */
function open(
  { source, descriptor, isHashed, what }: Sending,
  offset: number,
  { signal }: AbortOptions,
): Bytes {
  if (isHashed) return source.open({ offset, signal });
  const whole = verify(source.open({ signal }), descriptor, { what });
  return skip(holdBack(whole, descriptor.size), offset);
}

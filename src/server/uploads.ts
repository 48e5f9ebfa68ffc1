// SPDX-License-Identifier: MIT
import { randomUUID } from "node:crypto";
import type { Bytes } from "../bytes/bytes.ts";
import { createChannel } from "../bytes/streams/channel.ts";
import type { Channel } from "../bytes/streams/channel.ts";
import { createHasher } from "../bytes/hash.ts";
import { digestOf } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import type { ContentStore } from "../store/store.ts";
import { ProtocolError } from "./protocol-error.ts";

/** An upload that goes over several requests. */
export interface Upload {
  readonly id: string;
  readonly repository: string;
  /** Whose it is: see `clientOf`. */
  readonly client: string;
  /** Whether a request of it is under way. */
  readonly busy: boolean;
  /** Bytes that have arrived. */
  readonly received: number;
  /**
   * Takes more bytes; they go straight into the store's own temporary file. What had arrived when `bytes`
   * fails stays, and can be gone on from.
   * @throws ProtocolError while another request of the same upload is under way
   */
  append(bytes: Bytes): Promise<void>;
  /** Ends the upload: the content is there when its digest is this. @throws OciError `digest-mismatch` */
  finish(digest: Digest): Promise<void>;
  /** Ends the upload and leaves nothing behind. Idempotent. */
  cancel(): Promise<void>;
}

/** The uploads of a running registry. They do not outlive it: a client begins anew. */
export interface Uploads {
  /**
   * Begins an upload. At a bound the one makes room that was idle longest: of the client's own at its
   * bound, of the client that has most at the bound of all.
   * @throws ProtocolError 429 when none of these is idle
   */
  begin(repository: string, client: string): Upload;
  /** @throws ProtocolError `BLOB_UPLOAD_UNKNOWN` */
  find(repository: string, id: string): Upload;
  close(): Promise<void>;
}

/** An upload that nobody goes on with for so many milliseconds is dropped. */
const PATIENCE = 3_600_000;
const RETRY_AFTER = { "retry-after": "10" };
const TYPE = "application/octet-stream";

/** Opens the uploads into a store. */
export function openUploads(
  store: ContentStore,
  { openUploads: most, clientUploads }: Pick<Limits, "openUploads" | "clientUploads">,
): Uploads {
  /** In the order in which they were begun or went on. */
  const uploads = new Map<string, Upload>();
  const of = (client: string): Upload[] =>
    [...uploads.values()].filter((upload) => upload.client === client);

  const makeRoom = (client: string): void => {
    const own = of(client);
    if (own.length < clientUploads && uploads.size < most) return;
    const candidates = own.length < clientUploads ? of(busiest(uploads.values())) : own;
    const idle = candidates.find(({ busy }) => !busy);
    if (idle === undefined) {
      const message = `${candidates.length} uploads of one client are under way`;
      throw new ProtocolError(429, "TOOMANYREQUESTS", message, RETRY_AFTER);
    }
    void idle.cancel();
  };
  const moved = (upload: Upload): void => {
    if (uploads.delete(upload.id)) uploads.set(upload.id, upload);
  };

  return {
    begin: (repository, client) => {
      makeRoom(client);
      const upload = createUpload(store, repository, client, {
        moved: () => moved(upload),
        forget: () => uploads.delete(upload.id),
      });
      uploads.set(upload.id, upload);
      return upload;
    },
    find: (repository, id) => {
      const upload = uploads.get(id);
      if (upload?.repository === repository) return upload;
      throw new ProtocolError(404, "BLOB_UPLOAD_UNKNOWN", `no upload ${id} in ${repository}`);
    },
    close: async () => {
      await Promise.all([...uploads.values()].map((upload) => upload.cancel()));
    },
  };
}

/** The client that has most uploads. */
function busiest(uploads: Iterable<Upload>): string {
  const counts = new Map<string, number>();
  for (const { client } of uploads) counts.set(client, (counts.get(client) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? "";
}

interface Bookkeeping {
  /** The upload goes on. */
  readonly moved: () => void;
  /** The upload has ended. */
  readonly forget: () => void;
}

function createUpload(
  store: ContentStore,
  repository: string,
  client: string,
  { moved, forget }: Bookkeeping,
): Upload {
  let received = 0;
  let busy = false;
  let writing: Writing | undefined;
  const timer = setTimeout(() => void (busy ? timer.refresh() : cancel()), PATIENCE);
  timer.unref();

  const end = (): void => {
    clearTimeout(timer);
    forget();
  };
  const cancel = async (): Promise<void> => {
    end();
    writing?.channel.fail(new OciError("aborted", "upload: cancelled"));
    await writing?.stored.catch(() => undefined);
  };
  const append = async (bytes: Bytes): Promise<void> => {
    writing ??= startWriting(store);
    timer.refresh();
    moved();
    try {
      for await (const chunk of bytes) {
        // A copy: the channel keeps it for longer than it is ours.
        writing.channel.push(chunk.slice());
        received += chunk.length;
        await writing.channel.ready();
      }
    } catch (error) {
      // When it is the store that failed, its error says why.
      if (writing.failed) await writing.stored;
      throw error;
    }
  };

  return {
    id: randomUUID(),
    repository,
    client,
    get busy() {
      return busy;
    },
    get received() {
      return received;
    },
    append: async (bytes) => {
      if (busy) throw new ProtocolError(409, "BLOB_UPLOAD_INVALID", "the upload is under way");
      busy = true;
      try {
        await append(bytes);
      } finally {
        busy = false;
        timer.refresh();
      }
    },
    finish: async (digest) => {
      end();
      writing ??= startWriting(store);
      writing.expected = digest;
      writing.channel.end();
      await writing.stored;
    },
    cancel,
  };
}

/** Content on its way into the store, before its digest is known. */
interface Writing {
  readonly channel: Channel;
  readonly stored: Promise<Descriptor>;
  failed: boolean;
  /** Set before the channel ends. */
  expected?: Digest;
}

function startWriting(store: ContentStore): Writing {
  const channel = createChannel();
  async function* checked(): AsyncGenerator<Uint8Array> {
    const hasher = createHasher("sha256");
    for await (const chunk of channel.bytes) {
      hasher.update(chunk);
      yield chunk;
    }
    const got = digestOf("sha256", hasher.hex());
    if (got === writing.expected) return;
    throw new OciError(
      "digest-mismatch",
      `upload: expected ${String(writing.expected)}, got ${got} (only sha256 is known before the end)`,
    );
  }
  const stored = store.ingest(TYPE, checked());
  const writing: Writing = { channel, stored, failed: false };
  stored.catch(() => (writing.failed = true));
  return writing;
}

// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes/bytes.ts";
import { observe } from "../bytes/verify.ts";
import type { Digest } from "../oci/digest.ts";
import type { Limits } from "../oci/limits.ts";
import type { LayoutUpload, LayoutUploads } from "../store/layout/layout-uploads.ts";
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
   * Takes more bytes, exactly `length` where that is given. What had arrived when this fails stays, and
   * can be gone on from.
   * @throws ProtocolError while another request of the same upload is under way
   */
  append(bytes: Bytes, length: number | undefined): Promise<void>;
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
  begin(repository: string, client: string): Promise<Upload>;
  /** @throws ProtocolError `BLOB_UPLOAD_UNKNOWN` */
  find(repository: string, id: string): Upload;
  close(): Promise<void>;
}

/** An upload that nobody goes on with for so many milliseconds is dropped. */
const PATIENCE = 3_600_000;
const RETRY_AFTER = { "retry-after": "10" };

/** Opens the uploads into a layout. */
export function openUploads(
  stored: LayoutUploads,
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
    begin: async (repository, client) => {
      makeRoom(client);
      const begun = await stored.begin();
      const upload = uploadOf(begun, repository, client, {
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

function uploadOf(
  stored: LayoutUpload,
  repository: string,
  client: string,
  { moved, forget }: Bookkeeping,
): Upload {
  let busy = false;
  const timer = setTimeout(() => void (busy ? timer.refresh() : cancel()), PATIENCE);
  timer.unref();

  const end = (): void => {
    clearTimeout(timer);
    forget();
  };
  const cancel = (): Promise<void> => {
    end();
    return stored.cancel();
  };
  return {
    id: stored.state.location,
    repository,
    client,
    get busy() {
      return busy;
    },
    get received() {
      return stored.offset;
    },
    append: async (bytes, length) => {
      if (busy) throw new ProtocolError(409, "BLOB_UPLOAD_INVALID", "the upload is under way");
      busy = true;
      moved();
      try {
        await stored.append(observe(bytes, { onChunk: () => timer.refresh() }), length);
      } finally {
        busy = false;
        timer.refresh();
      }
    },
    finish: (digest) => {
      end();
      return stored.finish(digest);
    },
    cancel,
  };
}

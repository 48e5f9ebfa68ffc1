// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";
import type { PushedBytes } from "../bytes/bytes.ts";
import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import type { Limits } from "../oci/limits.ts";
import type { LayoutUpload, LayoutUploads } from "../store/layout/layout-uploads.ts";
import { ProtocolError } from "./protocol-error.ts";

/** An upload that may take several requests. */
export interface Upload {
  readonly id: string;
  readonly repository: string;
  /** The client that started it: see `clientOf`. */
  readonly client: string;
  /** Whether one of its requests is running. */
  readonly busy: boolean;
  /** Bytes that have arrived. */
  readonly received: number;
  /**
   * Appends a body. When this fails, the bytes that have arrived are kept and the upload can be continued.
   * @throws ProtocolError while another request of the same upload is running
   */
  receive(body: PushedBytes): Promise<void>;
  /**
   * Waits a little for a running request to end. After a connection broke, its last bytes may still be
   * arriving when the client asks, on a new connection, how much has arrived.
   */
  settle(): Promise<void>;
  /** Says which digest the content will have, so that it need not be read again. A hint: any still may. */
  hashWith(algorithm: DigestAlgorithm): void;
  /** Finishes the upload: stores the content under its digest. @throws OciError `digest-mismatch` */
  finish(digest: Digest): Promise<void>;
  /** Ends the upload and leaves nothing behind. Idempotent. */
  cancel(): Promise<void>;
}

/** The uploads of a running registry. They end with it: clients then start again. */
export interface Uploads {
  /**
   * Starts an upload. At a limit, the upload that was idle longest is dropped to make room: one of the same
   * client at the client's limit, one of the client with the most uploads at the total limit.
   * @param algorithm of the digest that the content will have, if known: see {@link Upload.hashWith}
   * @throws ProtocolError 429 when none of these is idle
   */
  begin(repository: string, client: string, algorithm?: DigestAlgorithm): Promise<Upload>;
  /** @throws ProtocolError `BLOB_UPLOAD_UNKNOWN` */
  find(repository: string, id: string): Upload;
  close(): Promise<void>;
}

/** An upload that is not continued within this many milliseconds is dropped. */
const PATIENCE = 3_600_000;
const RETRY_AFTER = { "retry-after": "10" };
/** How many milliseconds a question about an upload's progress waits for a running request of that upload. */
const SETTLING = 2_000;
const QUIETLY = { ref: false };

/** Opens the uploads into a layout. */
export function openUploads(
  stored: LayoutUploads,
  { openUploads: most, clientUploads }: Pick<Limits, "openUploads" | "clientUploads">,
): Uploads {
  /** In the order in which they were started or last continued. */
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
    begin: async (repository, client, algorithm) => {
      makeRoom(client);
      const begun = await stored.begin();
      if (algorithm !== undefined) begun.hashWith(algorithm);
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

/** The client that has the most uploads. */
function busiest(uploads: Iterable<Upload>): string {
  const counts = new Map<string, number>();
  for (const { client } of uploads) counts.set(client, (counts.get(client) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? "";
}

interface Bookkeeping {
  /** Called when the upload has been continued. */
  readonly moved: () => void;
  /** Called when the upload has ended. */
  readonly forget: () => void;
}

function uploadOf(
  stored: LayoutUpload,
  repository: string,
  client: string,
  { moved, forget }: Bookkeeping,
): Upload {
  let underWay: Promise<void> | undefined;
  const timer = setTimeout(
    () => void (underWay === undefined ? cancel() : timer.refresh()),
    PATIENCE,
  );
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
      return underWay !== undefined;
    },
    get received() {
      return stored.offset;
    },
    receive: async (body) => {
      if (underWay !== undefined) {
        throw new ProtocolError(409, "BLOB_UPLOAD_INVALID", "the upload is under way");
      }
      moved();
      try {
        underWay = stored.receive((take) =>
          body((chunk) => {
            timer.refresh();
            take(chunk);
          }),
        );
        await underWay;
      } finally {
        underWay = undefined;
        timer.refresh();
      }
    },
    settle: async () => {
      const ended = underWay?.catch(() => undefined);
      if (ended !== undefined) await Promise.race([ended, sleep(SETTLING, undefined, QUIETLY)]);
    },
    hashWith: (algorithm) => stored.hashWith(algorithm),
    finish: (digest) => {
      end();
      return stored.finish(digest);
    },
    cancel,
  };
}

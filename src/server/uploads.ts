// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";
import type { Bytes } from "../bytes/bytes.ts";
import { observe } from "../bytes/verify.ts";
import type { Digest } from "../oci/digest.ts";
import type { LayoutUpload, LayoutUploads } from "../store/layout/layout-uploads.ts";
import { ProtocolError } from "./protocol-error.ts";

/** An upload that goes over several requests. */
export interface Upload {
  readonly id: string;
  readonly repository: string;
  /** Bytes that have arrived. */
  readonly received: number;
  /**
   * Takes more bytes, exactly `length` where that is given. What had arrived when this fails stays, and
   * can be gone on from.
   * @throws ProtocolError while another request of the same upload is under way
   */
  append(bytes: Bytes, length: number | undefined): Promise<void>;
  /**
   * Waits a little for what is under way to end: of a connection that broke, the last bytes may still be
   * on their way when the client asks on another one how much has arrived.
   */
  settle(): Promise<void>;
  /** Ends the upload: the content is there when its digest is this. @throws OciError `digest-mismatch` */
  finish(digest: Digest): Promise<void>;
  /** Ends the upload and leaves nothing behind. Idempotent. */
  cancel(): Promise<void>;
}

/** The uploads of a running registry. They do not outlive it: a client begins anew. */
export interface Uploads {
  begin(repository: string): Promise<Upload>;
  /** @throws ProtocolError `BLOB_UPLOAD_UNKNOWN` */
  find(repository: string, id: string): Upload;
  close(): Promise<void>;
}

const MOST = 1_000;
/** An upload that nobody goes on with for so many milliseconds is dropped. */
const PATIENCE = 3_600_000;
/** Milliseconds that who asks for an upload's progress waits for a request of the same upload. */
const SETTLING = 2_000;
const QUIETLY = { ref: false };

/** Opens the uploads into a layout. */
export function openUploads(stored: LayoutUploads): Uploads {
  const uploads = new Map<string, Upload>();
  return {
    begin: async (repository) => {
      if (uploads.size >= MOST) {
        throw new ProtocolError(429, "TOOMANYREQUESTS", `there are ${MOST} unfinished uploads`);
      }
      const begun = await stored.begin();
      const upload = uploadOf(begun, repository, () => uploads.delete(upload.id));
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

function uploadOf(stored: LayoutUpload, repository: string, forget: () => void): Upload {
  let underWay: Promise<void> | undefined;
  const timer = setTimeout(() => void cancel(), PATIENCE);
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
    get received() {
      return stored.offset;
    },
    append: async (bytes, length) => {
      if (underWay !== undefined) {
        throw new ProtocolError(409, "BLOB_UPLOAD_INVALID", "the upload is under way");
      }
      try {
        underWay = stored.append(observe(bytes, { onChunk: () => timer.refresh() }), length);
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
    finish: (digest) => {
      end();
      return stored.finish(digest);
    },
    cancel,
  };
}

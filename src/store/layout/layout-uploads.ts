// SPDX-License-Identifier: MIT
import { randomUUID } from "node:crypto";
import type { AbortOptions, Bytes, PushedBytes } from "../../bytes/bytes.ts";
import type { DigestAlgorithm } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import { noSuchUpload, type Upload, type UploadState, type Uploads } from "../upload.ts";
import { UPLOAD } from "./sweep-temporary.ts";
import { createBlob, reopenBlob, type UnfinishedBlob } from "./unfinished-blob.ts";

/**
 * An upload into a layout. It also takes parts of unknown length, and the same handle works on after a failed
 * `append`.
 */
export interface LayoutUpload extends Upload {
  /**
   * Says which digest the content will have, so that it is hashed as it comes and not read again. A hint: any
   * digest still may be given at the end. Without effect once something has arrived.
   */
  hashWith(algorithm: DigestAlgorithm): void;
  append(bytes: Bytes, length?: number, options?: AbortOptions): Promise<void>;
  /** As `append`, for bytes that are pushed. A large body is hashed in another thread while it comes. */
  receive(body: PushedBytes): Promise<void>;
}

/**
 * Uploads into a layout. They are files in its directory, so any process can continue them. One that has not
 * been touched for a day, or for the minimum age of a garbage collection, is removed.
 */
export interface LayoutUploads extends Uploads {
  begin(options?: AbortOptions): Promise<LayoutUpload>;
  resume(state: UploadState, options?: AbortOptions): Promise<LayoutUpload>;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Opens the uploads into a layout directory. @param sweep called before each new upload */
export function layoutUploads(directory: string, store: string, sweep: () => void): LayoutUploads {
  return {
    begin: async () => {
      sweep();
      const id = randomUUID();
      return Promise.resolve(uploadOf(createBlob(directory, UPLOAD + id), id));
    },
    resume: async ({ location }) => {
      await Promise.resolve();
      // The location becomes a part of a path, and may come from an untrusted caller.
      if (!UUID.test(location)) throw noSuchUpload(store);
      try {
        return uploadOf(reopenBlob(directory, UPLOAD + location), location);
      } catch (error) {
        throw isOciError(error, "not-found") ? noSuchUpload(store) : error;
      }
    },
  };
}

/** Makes an upload with this name from an unfinished blob. */
export function uploadOf(blob: UnfinishedBlob, location: string): LayoutUpload {
  return {
    get offset() {
      return blob.size;
    },
    state: { location },
    hashWith: (algorithm) => blob.hashWith(algorithm),
    append: (bytes, length, options) => blob.append(bytes, length, options),
    receive: (body) => blob.receive(body),
    finish: async (digest) => {
      await blob.finish(digest);
    },
    cancel: () => {
      blob.discard();
      return Promise.resolve();
    },
  };
}

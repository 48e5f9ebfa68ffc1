// SPDX-License-Identifier: MIT
import { randomUUID } from "node:crypto";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { isOciError } from "../../oci/errors.ts";
import { noSuchUpload, type Upload, type UploadState, type Uploads } from "../upload.ts";
import { OWN_PREFIX } from "./layout-blobs.ts";
import { createBlob, reopenBlob, type UnfinishedBlob } from "./unfinished-blob.ts";

/** An upload into a layout. It can be gone on with after a failed `append`, and takes parts of unknown length. */
export interface LayoutUpload extends Upload {
  append(bytes: Bytes, length?: number, options?: AbortOptions): Promise<void>;
}

/**
 * Uploads into a layout: files of its directory, for any process. They go when nobody has touched them for a
 * day, or for as long as a garbage collection spares what is young.
 */
export interface LayoutUploads extends Uploads {
  begin(options?: AbortOptions): Promise<LayoutUpload>;
  resume(state: UploadState, options?: AbortOptions): Promise<LayoutUpload>;
}

const STEM = `${OWN_PREFIX}upload.`;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The uploads into a layout directory. @param sweep called before each new one */
export function layoutUploads(directory: string, store: string, sweep: () => void): LayoutUploads {
  return {
    begin: async () => {
      sweep();
      const id = randomUUID();
      return Promise.resolve(uploadOf(createBlob(directory, STEM + id), id));
    },
    resume: async ({ location }) => {
      await Promise.resolve();
      // It becomes a part of a path, and may come from anywhere.
      if (!UUID.test(location)) throw noSuchUpload(store);
      try {
        return uploadOf(reopenBlob(directory, STEM + location), location);
      } catch (error) {
        throw isOciError(error, "not-found") ? noSuchUpload(store) : error;
      }
    },
  };
}

/** A blob as an upload of this name. */
export function uploadOf(blob: UnfinishedBlob, location: string): LayoutUpload {
  return {
    get offset() {
      return blob.size;
    },
    state: { location },
    append: (bytes, length, options) => blob.append(bytes, length, options),
    finish: async (digest) => void (await blob.finish(digest)),
    cancel: async () => Promise.resolve(blob.discard()),
  };
}

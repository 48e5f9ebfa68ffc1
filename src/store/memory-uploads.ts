// SPDX-License-Identifier: MIT
import { abortable } from "../bytes/abort.ts";
import { exactly } from "../bytes/streams/cut-bytes.ts";
import { digestBytes } from "../bytes/hash.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import { digestMismatch, isVerified } from "../bytes/verify.ts";
import { knownAlgorithm, type Digest } from "../oci/digest.ts";
import { noSuchUpload, type Upload, type Uploads } from "./upload.ts";

const WHAT = "upload";

/** Stores content that has been verified. */
type Keep = (digest: Digest, bytes: Uint8Array) => void;

/** Uploads into memory. They last as long as the store does. */
export function memoryUploads(store: string, keep: Keep): Uploads {
  const unfinished = new Map<string, Upload>();
  let begun = 0;
  return {
    begin: async () => {
      const location = String((begun += 1));
      const upload = memoryUpload(location, keep, () => void unfinished.delete(location));
      unfinished.set(location, upload);
      return Promise.resolve(upload);
    },
    resume: async ({ location }) => {
      const upload = unfinished.get(location);
      if (upload === undefined) throw noSuchUpload(store);
      return Promise.resolve(upload);
    },
  };
}

function memoryUpload(location: string, keep: Keep, forget: () => void): Upload {
  let held: Uint8Array = new Uint8Array();
  let verified: Digest | undefined;
  return {
    get offset() {
      return held.length;
    },
    state: { location },
    append: async (bytes, length, { signal } = {}) => {
      const whole = held.length === 0 && isVerified(bytes) ? bytes.digest : undefined;
      const part = exactly(abortable(bytes, signal, WHAT), length, WHAT);
      const added = await readAll(part, length, WHAT);
      held = held.length === 0 ? added : joined(held, added);
      verified = whole;
    },
    finish: async (digest) => {
      await Promise.resolve();
      forget();
      const algorithm = knownAlgorithm(digest);
      const got = verified === digest ? digest : digestBytes(held, algorithm);
      if (got !== digest) throw digestMismatch(WHAT, { digest, size: held.length }, got);
      keep(digest, held);
    },
    cancel: () => {
      forget();
      return Promise.resolve();
    },
  };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
